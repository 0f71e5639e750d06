declare module 'fs-native-extensions' {
  /** Asks for an exclusive lock on an open file; false when another file descriptor holds it. */
  function tryLock(fd: number): boolean;
  const native: { tryLock: typeof tryLock };
  export default native;
}

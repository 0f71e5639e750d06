const reasons: Record<string, string> = {
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of it is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it is there already',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
};

/** A system call that failed, as a person reads it: with the file that was meant, not the one that is written first. */
export function inWords(error: NodeJS.ErrnoException): Error {
  const { code = '', path, syscall } = error;
  const reason = reasons[code];
  if (reason === undefined || path === undefined) return error;
  const written = /\.\d+\.new$/.test(path);
  const what = written || /^(mkdir|rename|unlink|link|write)/.test(syscall ?? '') ? 'written' : 'read';
  return new Error(`${path.replace(/\.\d+\.new$/, '')} cannot be ${what}: ${reason} (${code}).`);
}

/** Makes something on first use, once for all who ask; a failure is forgotten, and whoever asks next tries again. */
export function remembered<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made) return made;
    made = make();
    made.catch(() => (made = undefined));
    return made;
  };
}

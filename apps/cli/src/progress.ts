const pauseMilliseconds = 100;

/** A line on the terminal that counts, and is gone afterwards; nothing where stderr is no terminal. */
export function showProgress(what: string): { show(done: number, total: number): void; clear(): void } {
  let shown = 0;
  return {
    show(done, total) {
      if (!process.stderr.isTTY || Date.now() - shown < pauseMilliseconds) return;
      shown = Date.now();
      process.stderr.write(`\r${what}: ${done} of ${total}\u001b[K`);
    },
    clear() {
      if (shown > 0) process.stderr.write('\r\u001b[K');
      shown = 0;
    },
  };
}

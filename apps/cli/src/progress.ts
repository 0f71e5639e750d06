import { plain } from './render.js';

const pauseMilliseconds = 100;

/** A line on the terminal that says how far something is, and is gone afterwards; nothing where stderr is no terminal. */
export function showProgress(): { show(text: string): void; clear(): void } {
  let shown = 0;
  return {
    show(text) {
      if (!process.stderr.isTTY || Date.now() - shown < pauseMilliseconds) return;
      shown = Date.now();
      // A line that wraps would stay.
      process.stderr.write(`\r${plain(text).slice(0, (process.stderr.columns || 80) - 1)}\u001b[K`);
    },
    clear() {
      if (shown > 0) process.stderr.write('\r\u001b[K');
      shown = 0;
    },
  };
}

import type { Readable } from 'node:stream';

/** The longest message either side takes, in bytes: a bulk of a hundred secrets fits. */
export const longestLine = 8 * 1024 * 1024;

/** Calls back for each line of a stream, however it is cut into chunks; `null` for one longer than `most` bytes, which is dropped. */
export function readLines(stream: Readable, onLine: (line: string | null) => void, most = longestLine): void {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer) => {
    size += part.length;
    if (size <= most) parts.push(part);
    else parts = [];
  };
  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      take(chunk.subarray(start, end));
      const line = size > most ? null : parts.length === 1 ? parts[0]!.toString() : Buffer.concat(parts).toString();
      parts = [];
      size = 0;
      start = end + 1;
      if (line === null || line.trim() !== '') onLine(line);
    }
    if (start < chunk.length) take(chunk.subarray(start));
  });
}

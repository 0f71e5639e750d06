import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { UsageError } from './input.js';

/** What the lines of a file hold, `-` is stdin; empty ones hold nothing. @throws UsageError naming the line that is not JSON */
export async function* jsonLines(file: string): AsyncGenerator<unknown, void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  // A read, unlike an open, does not say of what.
  input.once('error', (error: NodeJS.ErrnoException) => (error.path ??= file));
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield parse(line, number);
  }
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new UsageError(`Line ${number} is not JSON.`);
  }
}

import { createInterface } from 'node:readline';
import { UsageError } from './input.js';

/** What the lines of a stream hold; empty ones hold nothing. @throws UsageError naming the line that is not JSON */
export async function* jsonLines(input: NodeJS.ReadableStream): AsyncGenerator<unknown, void> {
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

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { SupervisorError } from '@supervisor/core/errors';
import { readPastTask, type HistoryTask } from '@supervisor/supervisor/estimate';
import { inWords } from './system-failure.js';

const mostComplaints = 10;

/**
 * Reads the tasks of a JSONL file; `-` is stdin. One without an id gets a hash of its line, and a number where the file has that line
 * again: the same file gives the same ids, another one others. Says on stderr which lines make no sense, and goes on.
 * @throws SupervisorError `not_found` when there is no such file
 */
export async function readHistory(file: string, progress: (text: string) => void): Promise<{ tasks: HistoryTask[]; bad: number }> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const tasks: HistoryTask[] = [];
  let number = 0;
  let bad = 0;
  const seen = new Map<string, number>();
  const idOf = (line: string) => {
    const hash = `line ${createHash('sha256').update(line).digest('hex').slice(0, 20)}`;
    const times = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, times);
    return times === 1 ? hash : `${hash} ${times}`;
  };
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line.trim() === '') continue;
      try {
        const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
        tasks.push(readPastTask(text, () => idOf(text.trim())));
      } catch (error) {
        if (++bad <= mostComplaints) process.stderr.write(`${file}, line ${number}: ${(error as Error).message}\n`);
      }
      progress(`${number} lines read`);
    }
  } catch (error) {
    throw new SupervisorError('not_found', inWords(Object.assign(error as NodeJS.ErrnoException, { path: file })).message);
  }
  if (bad > mostComplaints) process.stderr.write(`${file}: ${bad - mostComplaints} more lines make no sense\n`);
  return { tasks, bad };
}

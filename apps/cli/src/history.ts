import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { SupervisorError } from '@supervisor/core/errors';
import { readPastTask, type HistoryTask } from '@supervisor/supervisor/estimate';

const mostComplaints = 10;

/**
 * Reads the tasks of a JSONL file; `-` is stdin. Says on stderr which lines make no sense, and goes on.
 * @throws SupervisorError `not_found` when there is no such file
 */
export async function readHistory(file: string, progress: (text: string) => void): Promise<{ tasks: HistoryTask[]; bad: number }> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const tasks: HistoryTask[] = [];
  let number = 0;
  let bad = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line.trim() === '') continue;
      try {
        tasks.push(readPastTask(number === 1 ? line.replace(/^\uFEFF/, '') : line, `line ${number}`));
      } catch (error) {
        if (++bad <= mostComplaints) process.stderr.write(`${file}, line ${number}: ${(error as Error).message}\n`);
      }
      progress(`${number} lines read`);
    }
  } catch (error) {
    throw new SupervisorError('not_found', `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
  if (bad > mostComplaints) process.stderr.write(`${file}: ${bad - mostComplaints} more lines make no sense\n`);
  return { tasks, bad };
}

import { createInterface } from 'node:readline/promises';
import { StringDecoder } from 'node:string_decoder';
import { SupervisorError } from '@supervisor/core/errors';
import { UsageError } from './input.js';
import { demandUtf8 } from './read-text.js';

/** Takes a value that must not be seen: from a hidden prompt on a terminal, else all of stdin without its last line end. */
export async function readHidden(field: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return demandUtf8(Buffer.concat(chunks), field).replace(/\r?\n$/, '');
  }
  process.stderr.write(`${field} (not shown): `);
  try {
    return await readLineUnseen();
  } finally {
    process.stderr.write('\n');
  }
}

// Without the terminal's echo, a line is ours to edit. What was typed ahead of it stays for the next question.
function readLineUnseen(): Promise<string> {
  const { stdin } = process;
  const decoder = new StringDecoder('utf8');
  let typed: string[] = [];
  stdin.setRawMode(true);
  return new Promise((resolve) => {
    const end = (rest: string, interrupted = false) => {
      stdin.off('data', read).pause().setRawMode(false);
      if (rest !== '') stdin.unshift(Buffer.from(rest));
      if (interrupted) process.kill(process.pid, 'SIGINT');
      else resolve(typed.join(''));
    };
    const read = (chunk: Buffer) => {
      const keys = [...decoder.write(chunk)];
      for (const [index, key] of keys.entries()) {
        if (key === '\r' || key === '\n' || key === '\x04') return end(keys.slice(index + 1).join(''));
        if (key === '\x03') return end('', true);
        if (key === '\x7f' || key === '\b') typed = typed.slice(0, -1);
        else typed.push(key);
      }
    };
    stdin.on('data', read);
  });
}

/** @throws UsageError when nobody can be asked */
export function requireTerminal(why: string): void {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new UsageError(`${why}: run it on a terminal.`);
}

/** Asks a person; anything but yes is no. */
export async function ask(question: string): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  // The terminal's own line editing: readline's would swallow what was typed ahead for the next question.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    return await new Promise((resolve) => {
      lines.once('line', (line) => resolve(/^y(es)?$/i.test(line.trim()))).once('close', () => resolve(false));
    });
  } finally {
    lines.close();
  }
}

/** Asks a person before an owner's operation. @throws UsageError when nobody is there; `cancelled` when the answer is not yes */
export async function confirm(question: string): Promise<void> {
  requireTerminal('This is for the owner, who is asked first');
  if (!(await ask(question))) throw new SupervisorError('cancelled', 'Nothing was done.');
}

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './input.js';

/** Takes a value that must not be seen: from a hidden prompt on a terminal, else all of stdin without its last line end. */
export async function readHidden(field: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks)
      .toString()
      .replace(/\r?\n$/, '');
  }
  process.stderr.write(`${field} (not shown): `);
  // readline echoes what is typed to its output: this one swallows it.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
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

/** Asks a person before an owner's operation. @throws UsageError when nobody is there or the answer is not yes */
export async function confirm(question: string): Promise<void> {
  requireTerminal('This is for the owner, who is asked first');
  if (!(await ask(question))) throw new UsageError('Nothing was done.');
}

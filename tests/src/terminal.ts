import { test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import type { TestHome } from './harness.js';

// `script` gives a command a terminal, as a person would have; not every system has that of Linux.
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

/** A test that needs a terminal; skipped where none can be had. */
export function withTerminal(name: string, run: () => Promise<void> | void): void {
  (hasTerminal ? test : test.skip)(name, run);
}

/** The words of `script` that give a program its terminal. */
export function scriptOf(args: string[]): string[] {
  return ['-qec', [process.execPath, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '), '/dev/null'];
}

/** Runs a program of the home on a terminal, where a person answers each prompt once; tells what was shown. */
export function answerOnTerminal(
  home: TestHome,
  args: string[],
  answers: Record<string, string>,
): Promise<{ code: number | null; shown: string }> {
  const child = spawn('script', scriptOf(args), { cwd: home.work, env: home.env });
  const open = new Map(Object.entries(answers));
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += String(chunk);
    for (const [prompt, answer] of open) {
      if (!shown.includes(prompt)) continue;
      open.delete(prompt);
      child.stdin.write(`${answer}\n`);
    }
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, shown })));
}

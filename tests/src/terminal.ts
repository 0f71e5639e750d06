import { spawn, spawnSync } from 'node:child_process';
import type { TestHome } from './harness.js';

// `script` gives a command a terminal, as a person would have.
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

/** Runs a program of the home on a terminal, where a person answers each prompt once; tells what was shown. */
export function onTerminal(
  home: TestHome,
  args: string[],
  answers: Record<string, string>,
): Promise<{ code: number | null; shown: string }> {
  const command = [process.execPath, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: home.work, env: home.env });
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

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

// What a supervising shell passes on. On a terminal, Ctrl-C and Ctrl-\ reach the child from the terminal itself: passed on once more, they would count twice.
const passedOn: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
const fromTerminal: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Runs a program in place of this one. @returns its exit code, as a shell would give it */
export function runChild(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env });
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  for (const signal of fromTerminal) process.on(signal, () => void (process.stdin.isTTY || child.kill(signal)));
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      process.stderr.write(`supervisor run: ${program} ${missing ? 'is no command here' : `cannot be started (${error.code})`}.\n`);
      resolve(missing ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

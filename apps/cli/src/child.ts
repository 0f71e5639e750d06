import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import type { NamedSecret, Redactor } from '@supervisor/supervisor/redact';

// What a supervising shell passes on. On a terminal, Ctrl-C and Ctrl-\\ reach the child from the terminal itself: passed on once more, they would count twice.
const passedOn: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
const fromTerminal: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Runs a program in place of this one. Where its output is not a terminal, the secrets are taken out of it.
 * @returns its exit code, as a shell would give it
 */
export async function runChild(command: readonly string[], env: NodeJS.ProcessEnv, secrets: readonly NamedSecret[]): Promise<number> {
  const [program = '', ...args] = command;
  const output = (stream: NodeJS.WriteStream) => (secrets.length > 0 && !stream.isTTY ? 'pipe' : 'inherit');
  const redacted = [process.stdout, process.stderr].some((stream) => output(stream) === 'pipe');
  // Before the child: Node throws away what a child wrote that ended before anyone listened.
  const redactor = redacted ? (await import('@supervisor/supervisor/redact')).createRedactor(secrets) : undefined;
  const child = spawn(program, args, { stdio: ['inherit', output(process.stdout), output(process.stderr)], env });
  // Whoever reads no further is the child's own business: it ends this process elsewhere.
  process.stdout.removeAllListeners('error').on('error', () => {});
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  for (const signal of fromTerminal) process.on(signal, () => void (process.stdin.isTTY || child.kill(signal)));
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      process.stderr.write(`supervisor run: ${program} ${missing ? 'is no command here' : `cannot be started (${error.code})`}.\n`);
      resolve(missing ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
  if (redactor) await redactOutput(child, redactor);
  return ended;
}

// Its children may hold the output open after it: what they write is redacted too.
async function redactOutput({ stdout, stderr }: ChildProcess, redactor: Redactor): Promise<void> {
  const streams = [[stdout, process.stdout] as const, [stderr, process.stderr] as const];
  await Promise.all(
    streams.map(async ([from, to]) => {
      if (from) await pipeline(from, redactor.stream(), to, { end: false }).catch(() => from.destroy());
    }),
  );
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const running = new Set();
let ended = false;

/** Ends every process that still runs; no other can be started afterwards. */
export async function endProcesses() {
  ended = true;
  for (const child of running) await end(child);
}

/** Starts Node with an environment of its own: nothing set in the caller's shell changes what is measured. */
export function startNode(args, { env = {}, cwd, stdio = ['ignore', 'pipe', 'inherit'] } = {}) {
  if (ended) throw new Error('The benchmark is ending.');
  const kept = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'LANG'].map((name) => [name, process.env[name]]));
  const child = spawn(process.execPath, args, { cwd, env: { ...kept, ...env }, stdio });
  running.add(child);
  child.once('exit', () => running.delete(child));
  // A server that ends while it is written to is noticed by its exit.
  child.stdin?.on('error', () => {});
  return child;
}

/** Ends a process at once and waits until it is gone. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Runs Node to its end. Answers with what it printed and the milliseconds it took as a whole. */
export async function runNode(args, options) {
  const started = performance.now();
  const child = startNode(args, options);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}.`);
  return { output, milliseconds: performance.now() - started };
}

/** Resident memory of a process in MiB; undefined where there is no /proc. */
export function residentMemory(pid) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes && Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

// The command line as a person, a script or an agent uses it.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../harness.mjs';

const program = join(checkout, 'apps/cli/dist/main.cjs');
const longest = 20_000;

/** Runs an operation as its command. Sensitive fields go in on stdin, as the command asks for them. */
export async function runCommand(stage, home, operation, input) {
  const fields = typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {};
  const flags = Object.entries(fields).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const text = (one) => (typeof one === 'string' ? one : (JSON.stringify(one) ?? '')).replaceAll('\0', '').slice(0, 2000);
    if (operation.sensitive.includes(name)) return [];
    return typeof value === 'boolean' ? [flag] : [value].flat().map((one) => `${flag}=${text(one)}`);
  });
  const hidden = operation.sensitive.map((name) => (typeof fields[name] === 'string' ? fields[name] : JSON.stringify(fields[name])) ?? '');
  const words = [...(operation.command ?? operation.name).split(' '), ...flags, '--json'];
  return { argv: words.join(' '), output: await cli(stage, home, words, hidden.join('\n')) };
}

/** What touches files and programs, with output into a file and a program that fails with its secret on its lips. */
export async function commandLines(stage, home, path) {
  const secret = ['--secret', `CANARY=${path}`];
  const shell = (script) => ['run', ...secret, '--', 'sh', '-c', script];
  writeFileSync(join(home.work, 'template'), `key={{secret:${path}}}`);
  writeFileSync(join(home.work, 'broken'), `key={{secret:${path}}} other={{secret:fuzz-a/no/such}}`);
  const lines = [
    // What it writes is for the person alone, and outside the home.
    ['render', 'template', 'rendered'],
    ['render', 'template', 'no-such-folder/rendered'],
    ['render', 'broken', 'rendered'],
    shell('echo "$CANARY"; exit 0'),
    shell('echo "$CANARY" >&2; exit 7'),
    shell('printf %s "$CANARY" | base64; env; kill -9 $$'),
    ['run', ...secret, '--', process.execPath, '-e', 'throw new Error(process.env.CANARY)'],
    ['run', ...secret, '--', 'no-such-program'],
    ['run', ...secret, '--secret', 'OTHER=fuzz-a/no/such', '--', 'true'],
    ['env', ...secret],
    ['env', ...secret, '--json'],
    ['env', ...secret, '--format', 'shell'],
    ['env', ...secret, '--reveal'],
    ['secrets', 'has', path],
    ['secrets', 'list', '--json'],
    ['secrets', 'list-versions', path],
    ['secrets', 'expose', path, 'nonsense'],
    ['secrets', 'store', path],
    ['audit', '--json'],
    ['audit', 'verify'],
    ['status', '--json'],
    ['logs'],
    ['doctor'],
    ['scan', '.'],
    ['--json'],
    ['--help'],
  ];
  const outputs = [];
  for (const words of lines) outputs.push({ command: words.slice(0, 6).join(' '), output: await cli(stage, home, words) });
  return outputs;
}

// Into files, as a log is written: no terminal, and nothing is lost when a program dies.
async function cli(stage, home, words, input = '') {
  const files = [join(home.work, 'cli.out'), join(home.work, 'cli.err')];
  const outputs = files.map((file) => openSync(file, 'w'));
  const child = stage.spawn([program, ...words], { cwd: home.work, env: home.env, stdio: ['pipe', ...outputs] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), longest);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  for (const output of outputs) closeSync(output);
  return [code, ...files.map((file) => readFileSync(file, 'utf8'))].join('\n');
}

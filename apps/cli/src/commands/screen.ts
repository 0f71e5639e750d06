import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { findService, readServiceNote } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { age } from '../age.js';
import { parseFlags } from '../input.js';
import { recentErrors, type LoggedError } from '../recent-errors.js';
import { plain } from '../render.js';

export const usage = `Usage: supervisor [--watch] [--json]

One screen: each project with its ports and who listens on them now, running tasks, and the service's last errors.

  --watch  draw it anew every two seconds, until Ctrl-C
  --json   for machines; with --watch a line each time

Example: supervisor --watch
`;

interface Port {
  project: string;
  instance: string;
  service: string;
  port: number;
  state?: string;
  listener?: { pid: number | null; command: string | null; project: string | null } | null;
}

interface Task {
  project: string;
  id: string;
  type: string;
  startedAt: string;
  /** What it will still take, where such tasks tell: seconds. */
  remaining?: { p50Seconds: number; p80Seconds: number } | null;
}

interface Facts {
  status: {
    version: string;
    uptimeSeconds: number;
    ports: number;
    database: { kind: string };
    projects: { project: string; secrets: number }[];
  };
  url: string | null;
  ports: Port[];
  /** There are more than these. */
  more: boolean;
  orphans: { port: number; project: string | null; pid: number | null; command: string | null }[];
  tasks: Task[];
  expiring: { path: string; expiresAt: string }[];
  errors: LoggedError[];
}

const redrawMilliseconds = 2000;
const soonDays = 14;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values } = parseFlags(words, { watch: { type: 'boolean', short: 'w' }, json: { type: 'boolean' } });
  // A look starts nothing.
  const running = await findService(caller.home);
  const none = 'Supervisor does not run. Start it: supervisor start';
  if (!running && values.json) throw new SupervisorError('unavailable', none);
  if (!running) return console.log(`${none}\nsupervisor --help lists the commands.`);
  running.close();
  for (;;) {
    const facts = await gather(caller);
    const text = values.json ? JSON.stringify(facts) : draw(facts);
    process.stdout.write(values.watch && !values.json ? `\x1b[H\x1b[2J${text}\n` : `${text}\n`);
    if (!values.watch) return;
    await sleep(redrawMilliseconds);
  }
}

async function gather(caller: Caller): Promise<Facts> {
  const [status, ports, { tasks }, { runningTasks }, { secrets }] = await Promise.all([
    caller.call('get_status'),
    caller.call('list_ports', { live: true, limit: 500 }),
    caller.call('list_tasks', { status: 'running', limit: 500 }),
    caller.call('get_task_stats'),
    caller.call('list_secrets', { expiring: soonDays, limit: 500 }),
  ]);
  const { url = null } = readServiceNote(caller.home) ?? {};
  return {
    status,
    url,
    ports: ports.allocations,
    more: ports.nextCursor !== undefined,
    orphans: ports.orphans ?? [],
    tasks: tasks.map((task: Task) => ({ ...task, remaining: remainingOf(task, runningTasks) })),
    expiring: secrets,
    errors: recentErrors(caller.home),
  };
}

function draw({ status, url, ports, more, orphans, tasks, expiring, errors }: Facts): string {
  const database = status.database.kind === 'embedded' ? 'embedded database' : 'PostgreSQL';
  const head = [`Supervisor ${status.version}`, url ?? 'no HTTP', database, `up ${age(status.uptimeSeconds)}`].join(' · ');
  const names = [...new Set([...status.projects, ...ports, ...tasks].map(({ project }) => project))].toSorted();
  const width = Math.max(0, ...ports.map((port) => nameOf(port).length));
  const projects = names.flatMap((name) => {
    const secrets = status.projects.find(({ project }) => project === name)?.secrets ?? 0;
    return [
      '',
      bold(name) + (secrets > 0 ? dim(`  ${secrets} ${secrets === 1 ? 'secret' : 'secrets'}`) : ''),
      ...ports
        .filter(({ project }) => project === name)
        .map((port) => `  ${nameOf(port).padEnd(width)}  ${String(port.port).padStart(5)}  ${listening(port)}`),
      ...orphans
        .filter(({ project }) => project === name)
        .map(({ port, pid, command }) => yellow(`  ${processName(command, pid)} listens on ${port} without asking`)),
      ...tasks
        .filter(({ project }) => project === name)
        .map((task) => `  ${plain(task.id)} (${plain(task.type)}) runs for ${runningFor(task)}`),
    ];
  });
  const soon = expiring.map(({ path, expiresAt }) => yellow(`  ${path} expires ${expiresAt.slice(0, 10)}`));
  const wrong = errors.map(({ at, message }) => red(`  ${at.slice(0, 16).replace('T', ' ')}  ${plain(message)}`));
  const parts = [head, ...projects];
  if (names.length === 0) parts.push('', 'No project yet. In one of yours: supervisor init, or for all of them: supervisor scan ~/code');
  if (more) parts.push('', dim(`These are ${ports.length} of ${status.ports} ports: supervisor ports map draws all.`));
  if (soon.length > 0) parts.push('', bold('Secrets that expire'), ...soon);
  if (wrong.length > 0) parts.push('', bold('Last errors'), ...wrong);
  return parts.join('\n');
}

// The statistics know it of the last ten.
function remainingOf({ project, id }: Task, running: Task[]): Task['remaining'] {
  return running.find((task) => task.project === project && task.id === id)?.remaining ?? null;
}

function runningFor({ startedAt, remaining }: Task): string {
  const since = age((Date.now() - Date.parse(startedAt)) / 1000);
  return remaining ? `${since}, about ${age(remaining.p50Seconds)} more (80 %: under ${age(remaining.p80Seconds)})` : since;
}

function nameOf({ service, instance }: Port): string {
  return plain(instance === '' ? service : `${service} (${instance})`);
}

function listening({ state, listener }: Port): string {
  if (state === 'gone') return dim('its worktree is gone');
  if (state === undefined || state === 'idle' || !listener) return dim('nobody listens');
  const who = processName(listener.command, listener.pid);
  if (state === 'confirmed') return green(who);
  return state === 'taken'
    ? red(`taken by ${who}${listener.project ? ` of ${listener.project}` : ''}`)
    : yellow('somebody listens; who cannot be seen');
}

function processName(command: string | null, pid: number | null): string {
  return `${plain(command ?? 'a process')}${pid === null ? '' : ` (pid ${pid})`}`;
}

type Style = Parameters<typeof styleText>[0];
const styled = (style: Style) => (text: string) => (process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text);
const [bold, dim, green, yellow, red] = [styled('bold'), styled('dim'), styled('green'), styled('yellow'), styled('red')];

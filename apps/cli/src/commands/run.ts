import type { Caller } from '../caller.js';
import { runChild } from '../child.js';
import { grantsOf, nothingListed, pathsIn, portsOf, readWanted, secretsOf, servicesIn, variablesOf, wantedFlags } from '../environment.js';
import { parseFlags, UsageError } from '../input.js';
import { renewLeases } from '../renew-leases.js';

export const usage = `Usage: supervisor run [--port NAME=service] [--secret NAME=path] -- COMMAND [ARGUMENTS]

Runs a command with its ports and secrets in the environment. What .supervisor.json lists is there by itself:
ports, secrets, and under env texts such as redis://localhost:{{port:redis}} with {{secret:path}} in them too. A service
that has no port yet gets one, and one that has it for a time keeps it while the command lives. Signals, exit code and
terminal are the command's own. Where its output is not a terminal, such as a log or an agent that reads it, the secrets
in it are replaced by [secret:path], in most disguises too.

  --port NAME=service   the service's port in the variable NAME; may be repeated
  --secret NAME=path    the secret's value in the variable NAME; may be repeated

Example: supervisor run --port PORT=web -- node server.js
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const split = words.indexOf('--');
  const command = split === -1 ? [] : words.slice(split + 1);
  if (command.length === 0) throw new UsageError('Say what to run after --, such as supervisor run -- npm run dev.');
  const wanted = readWanted(caller.directory, parseFlags(words.slice(0, split), wantedFlags).values);
  // A server that gets no port takes its usual one, which may be somebody's.
  if (Object.values(wanted).every((names) => Object.keys(names).length === 0)) process.stderr.write(nothingListed(caller.directory));
  const [grants, secrets] = await Promise.all([grantsOf(caller, servicesIn(wanted)), secretsOf(caller, pathsIn(wanted))]);
  const variables = variablesOf(wanted, portsOf(grants), secrets);
  for (const [name, value] of Object.entries(variables))
    if (value.includes('\0')) throw new UsageError(`${name} holds a NUL, which no environment can. Write it to a file: supervisor render.`);
  const endLeases = renewLeases(caller, Object.values(grants));
  if (!endLeases) await caller.close();
  const hidden = Object.entries(secrets).map(([name, value]) => ({ name, value }));
  process.exitCode = await runChild(command, { ...process.env, ...variables }, hidden);
  endLeases?.();
}

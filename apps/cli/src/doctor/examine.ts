import { findService, readServiceNote } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { entryFor, stateOf } from '../hosts/configuration.js';
import { hosts, serverName } from '../hosts/host.js';
import { age } from '../age.js';
import { pathsIn } from '../environment.js';
import { plural } from '../plural.js';
import { readProjectFile } from '../project-file.js';
import { recentErrors } from '../recent-errors.js';
import { examineDisk, examineHome, examineNode } from './machine.js';
import type { Finding } from './finding.js';

/** Looks at everything a home rests on, from the bottom up. Starts no service. */
export async function examine(caller: Caller): Promise<Finding[]> {
  const { home } = caller;
  const service = await examineService(caller);
  const place = examinePlace(caller);
  const canAsk = service.some(({ what }) => what === 'database') && place.every(({ mend }) => mend === undefined);
  return [
    examineNode(),
    examineDisk(home),
    ...examineHome(home),
    ...service,
    ...place,
    ...(canAsk ? await examineSecrets(caller) : []),
    ...hosts().map((host) => examineHost(caller, host)),
    examineErrors(caller),
  ];
}

async function examineService(caller: Caller): Promise<Finding[]> {
  const what = 'service';
  try {
    const rpc = await findService(caller.home);
    if (!rpc) return [{ what, found: 'does not run', mend: 'supervisor start' }];
    rpc.close();
    const { version, uptimeSeconds, database, keyId, backups } = await caller.call('get_status');
    const { pid, url = null, problem } = readServiceNote(caller.home) ?? {};
    return [
      { what, found: `${version}, pid ${pid}, up ${age(uptimeSeconds)}` },
      { what: 'key', found: `fingerprint ${keyId}` },
      { what: 'database', found: `${database.kind} at ${database.location}, answers in ${database.latencyMs} ms` },
      await examineHttp(url, problem),
      examineBackups(database.kind, backups),
    ];
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    return [{ what, found: error.message, mend: 'supervisor logs tells more' }];
  }
}

function examinePlace(caller: Caller): Finding[] {
  try {
    const { project } = caller.place;
    // It may be good for its name, and for nothing else.
    readProjectFile(caller.directory);
    return project === undefined ? [] : [{ what: 'project', found: project }];
  } catch (error) {
    return [{ what: 'project', found: (error as Error).message, mend: 'correct that file, or take it away' }];
  }
}

// One that is missing keeps supervisor run from starting anything.
async function examineSecrets(caller: Caller): Promise<Finding[]> {
  const what = 'secrets';
  const paths = pathsIn(readProjectFile(caller.directory));
  const found = await Promise.all(paths.map((path) => hasSecret(caller, path)));
  const refused = found.find((answer) => typeof answer === 'string');
  if (refused !== undefined) return [{ what, found: refused, mend: 'correct that path in .supervisor.json' }];
  const missing = paths.filter((_, index) => found[index] === false);
  if (missing.length > 0)
    return [{ what, found: `listed here and not stored: ${missing.join(', ')}`, mend: `supervisor secrets store ${missing[0]}` }];
  return paths.length === 0 ? [] : [{ what, found: `${plural(paths.length, 'secret')} listed here, all stored` }];
}

/** A text: why there cannot be one. */
async function hasSecret(caller: Caller, path: string): Promise<boolean | string> {
  try {
    return (await caller.call('has_secret', { path })).exists;
  } catch (error) {
    if (!(error instanceof SupervisorError) || error.code !== 'invalid_input') throw error;
    return `${path}: ${error.message.replace('has_secret: ', '')}`;
  }
}

function examineBackups(kind: string, { newest, problem }: { newest: string | null; problem: string | null }): Finding {
  if (problem !== null) return { what: 'backup', found: problem, mend: 'supervisor backup makes one now' };
  if (newest !== null) return { what: 'backup', found: `the newest is of ${newest.slice(0, 16).replace('T', ' ')}` };
  return { what: 'backup', found: kind === 'embedded' ? 'none yet: the first comes ten quiet minutes after a change' : "PostgreSQL's own" };
}

async function examineHttp(url: string | null, problem = 'no HTTP: the port was taken when the service started'): Promise<Finding> {
  if (url === null) {
    return { what: 'port', found: problem, mend: 'supervisor stop and start it again once the port is free' };
  }
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3000) }).catch(() => null);
  return answer?.ok
    ? { what: 'port', found: url }
    : { what: 'port', found: `${url} does not answer`, mend: 'supervisor stop, then supervisor start' };
}

function examineHost(caller: Caller, host: ReturnType<typeof hosts>[number]): Finding {
  const mend = `supervisor mcp install ${host.name}`;
  try {
    switch (stateOf(host, entryFor(caller.home))) {
      case 'absent':
        return { what: host.title, found: 'is not on this machine' };
      case 'current':
        return { what: host.title, found: 'is connected' };
      case 'foreign':
        return { what: host.title, found: `has a server named ${serverName} that is not this one` };
      case 'outdated':
        return { what: host.title, found: 'starts another checkout or home', mend };
      default:
        return { what: host.title, found: 'is not connected', mend };
    }
  } catch (error) {
    return { what: host.title, found: (error as Error).message, mend: `mend ${host.path}` };
  }
}

function examineErrors({ home }: Caller): Finding {
  const errors = recentErrors(home, 100);
  const last = errors.at(-1);
  if (!last) return { what: 'errors', found: 'none in the last day' };
  return { what: 'errors', found: `${errors.length} in the last day, the last: ${last.message}`, mend: 'supervisor logs has them' };
}

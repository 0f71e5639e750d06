import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Where one instance of Supervisor keeps everything. */
export interface Home {
  directory: string;
  /** instance.json: which database, where the key is, which port. Written by the first start. */
  instance: string;
  data: string;
  /** Held by the one service of this home. */
  serviceLock: string;
  encryptionKey: string;
  token: string;
  /** logins.json: tokens for services elsewhere. */
  logins: string;
  socket: string;
  /** service.json: pid, port and version of the running service. */
  service: string;
  /** Present between `supervisor stop` and `supervisor start`. */
  stopped: string;
  /** Why the last start that nobody watched failed; gone after a good one. */
  failure: string;
  logs: string;
  /** Backups, those made by themselves and those asked for. */
  backups: string;
  /** The supervisor command, with this home and this checkout in it. */
  command: string;
}

/** The longest Unix socket path that every supported system takes whole; Node cuts longer ones without a word. */
const longestSocketPath = 100;

/** The paths of a home: the given folder, else `SUPERVISOR_HOME`, else `~/.supervisor`. Creates nothing. */
export function homeAt(directory = process.env['SUPERVISOR_HOME'] || join(homedir(), '.supervisor')): Home {
  const root = resolve(directory);
  const at = (name: string) => join(root, name);
  return {
    directory: root,
    instance: at('instance.json'),
    data: at('data'),
    serviceLock: at('service.lock'),
    encryptionKey: at('encryption.key'),
    token: at('token'),
    logins: at('logins.json'),
    socket: socketPath(root),
    service: at('service.json'),
    stopped: at('stopped'),
    failure: at('failure.json'),
    logs: at('logs'),
    backups: at('backups'),
    command: at('bin/supervisor'),
  };
}

function socketPath(root: string): string {
  const path = join(root, 'supervisor.sock');
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  // Loaded only here: it would cost every start of a pipe, and few homes have such a path.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  // Not os.tmpdir(): the service and its callers may have been started with different ones.
  return join('/tmp', `supervisor-${userInfo().uid}`, `${name}.sock`);
}

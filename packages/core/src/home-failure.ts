import { SupervisorError } from './errors.js';
import type { Home } from './home.js';

/** What a person can do when a system call on a home failed; undefined when it was not about the home, or no reason of theirs. */
export function homeFailure(error: unknown, { directory }: Pick<Home, 'directory'>): SupervisorError | undefined {
  const { code, path = directory } = error as NodeJS.ErrnoException;
  if (!path.startsWith(directory) && !directory.startsWith(path)) return undefined;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new SupervisorError(
        'forbidden',
        `${path} is not open to this user (${code}). Make it theirs (chown), or name another SUPERVISOR_HOME.`,
      );
    case 'EROFS':
      return new SupervisorError('unavailable', `${path} is on a disk that cannot be written. Name another SUPERVISOR_HOME.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new SupervisorError('conflict', `${path} is in the way: it is no folder. Move it, or name another SUPERVISOR_HOME.`);
    case 'ENOSPC':
    case 'EDQUOT':
      return new SupervisorError('unavailable', `The disk that holds ${directory} is full. Free some space and try again.`);
    default:
      return undefined;
  }
}

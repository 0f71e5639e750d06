// On its own, so that a process that only wants to know whether it is the first loads no database.
export { tryLock, type Holder } from '@supervisor/db/lock';

// On its own, so that a process that only wants to know who listens loads no database.
export { describeListener, readListeners, type Listener, type ListeningProcess } from '@supervisor/ports/listeners';

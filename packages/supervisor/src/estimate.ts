// On its own, so that a process that only replays a history loads no database.
export { readPastTask, replay, score, type HistoryTask, type PastTask, type Replayed, type Score } from '@supervisor/timing/estimate';

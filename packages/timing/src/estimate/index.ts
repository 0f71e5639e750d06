export { readPastTask, type HistoryTask } from './past-task.js';
export { replay, type PastTask, type Replayed } from './replay.js';
export { pinball, score, type Score } from './score.js';

export { timingModule } from './module.js';
export {
  TaskTimer,
  type CompleteOptions,
  type StartOptions,
  type Stats,
  type StatsFilter,
  type Task,
  type TaskFilter,
  type TaskStatus,
} from './task-timer.js';

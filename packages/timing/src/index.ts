export type { Advice } from './advice.js';
export type { ImportedTask } from './import.js';
export { timingModule } from './module.js';
export type { GroupBy, GroupedStats, StatsFilter } from './stats-queries.js';
export type { Stats } from './stats.js';
export { TaskTimer } from './task-timer.js';
export type { Children, CompleteOptions, Prediction, StartOptions, Task, TaskFilter, TaskStatus } from './task.js';

import { manyTasks } from './many-tasks.mjs';
import { replayCheck } from './replay.mjs';
import { streamsCheck } from './streams-hold.mjs';

export const checks = [streamsCheck, replayCheck, manyTasks];

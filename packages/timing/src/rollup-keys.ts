import type { EstimateScope, Features } from './estimate/estimator.js';

/** Which parts of a key matter, for each kind of rollup. */
export const rollupKinds = {
  all: [],
  type: ['type'],
  project: ['project', 'type'],
  agent: ['project', 'type', 'agent', 'model'],
  agent_model: ['agent', 'model'],
  project_day: ['project', 'day'],
  type_day: ['type', 'day'],
} as const satisfies Record<string, readonly Part[]>;

export type Part = 'project' | 'type' | 'agent' | 'model' | 'day';
export type RollupKind = keyof typeof rollupKinds;

export interface RollupKey extends Record<Part, string> {
  kind: RollupKind;
}

/** What a task is counted under. `day` is the day it ended, as 2026-01-31. */
export function rollupKeys(task: Features, day: string): RollupKey[] {
  return (Object.keys(rollupKinds) as RollupKind[]).map((kind) => rollupKey(kind, task, day));
}

/** The keys that an estimate rests on, from the general to the specific. */
export function estimateKeys(task: Features): RollupKey[] {
  const kinds: EstimateScope[] = ['all', 'type', 'project', 'agent'];
  return kinds.map((kind) => rollupKey(kind, task, ''));
}

/** One text for a key; the order of all of them is the order in which they are locked. */
export function keyText({ kind, project, type, agent, model, day }: RollupKey): string {
  return JSON.stringify([kind, project, type, agent, model, day]);
}

function rollupKey(kind: RollupKind, task: Features, day: string): RollupKey {
  const parts: readonly Part[] = rollupKinds[kind];
  const part = (name: Part, value: string | null | undefined) => (parts.includes(name) ? (value ?? '') : '');
  return {
    kind,
    project: part('project', task.project),
    type: part('type', task.type),
    agent: part('agent', task.agent),
    model: part('model', task.model),
    day: part('day', day),
  };
}

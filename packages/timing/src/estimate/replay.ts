import {
  adaptLevels,
  estimate,
  initialLevels,
  keysOf,
  learn,
  noExperience,
  type Estimate,
  type Experience,
  type Features,
  type Levels,
} from './estimator.js';

/** A task that is over. Instants in milliseconds. */
export interface PastTask extends Features {
  id: string;
  start: number;
  end: number;
  actualSeconds: number;
}

export interface Replayed<Task extends PastTask> {
  task: Task;
  /** What would have been said at its start; null while too little was known. */
  estimate: Estimate | null;
  /** Median of all tasks of its type that were over by then: what a simple table would have said. */
  typeMedian: number | null;
}

/**
 * Goes through a history as it happened: each task is estimated at its start, from those alone that ended before it.
 * Yields the tasks by their start.
 */
export function* replay<Task extends PastTask>(tasks: readonly Task[]): Generator<Replayed<Task>> {
  const byStart = tasks.toSorted((a, b) => a.start - b.start);
  const byEnd = tasks.toSorted((a, b) => a.end - b.end);
  const experiences = new Map<string, Experience>();
  const said = new Map<Task, Estimate>();
  const types = new Map<string, SortedValues>();
  const levels = new Map<string, Levels>();
  let ended = 0;

  function experiencesOf(task: Task): Experience[] {
    return keysOf(task).map((key) => {
      let experience = experiences.get(key);
      if (!experience) experiences.set(key, (experience = noExperience()));
      return experience;
    });
  }

  function finish(task: Task): void {
    learn(task, task.actualSeconds, experiencesOf(task));
    const earlier = said.get(task);
    if (earlier) levels.set(task.type, adaptLevels(levels.get(task.type) ?? initialLevels, earlier, task.actualSeconds));
    said.delete(task);
    let values = types.get(task.type);
    if (!values) types.set(task.type, (values = new SortedValues()));
    values.add(task.actualSeconds);
  }

  for (const task of byStart) {
    while (ended < byEnd.length && byEnd[ended]!.end < task.start) finish(byEnd[ended++]!);
    const found = estimate(task, experiencesOf(task), levels.get(task.type) ?? initialLevels);
    if (found) said.set(task, found);
    yield { task, estimate: found, typeMedian: types.get(task.type)?.median() ?? null };
  }
}

/** Keeps values in order. */
class SortedValues {
  readonly #values: number[] = [];

  add(value: number): void {
    let [from, to] = [0, this.#values.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#values[middle]! < value) from = middle + 1;
      else to = middle;
    }
    this.#values.splice(from, 0, value);
  }

  median(): number | null {
    const { length } = this.#values;
    if (length === 0) return null;
    return (this.#values[(length - 1) >> 1]! + this.#values[length >> 1]!) / 2;
  }
}

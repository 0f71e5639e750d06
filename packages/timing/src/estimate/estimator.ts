/**
 * How long a task will take, from what such tasks took.
 *
 * For each key a histogram that forgets; the keys mixed from the general to the specific, as a Dirichlet prior does
 * (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, ch. 3.4); the levels asked of the mixture corrected by adaptive
 * conformal inference (Gibbs & Candès, Adaptive Conformal Inference Under Distribution Shift, NeurIPS 2021), each side of the
 * interval by itself (Romano, Patterson & Candès, Conformalized Quantile Regression, NeurIPS 2019). Where the caller has an
 * estimate of its own, all this is of actual ÷ estimated, the uplift of reference-class forecasting (Flyvbjerg, From Nobel
 * Prize to Project Management, PMJ 2006). Quantiles are scored by the pinball loss (Koenker & Bassett, Econometrica 1978).
 */
import { adapt, nominal, quantilesAt, type Quantiles } from './conformal.js';
import { Histogram } from './histogram.js';
import { Mixture } from './mixture.js';

/** What is known of a task when it starts. */
export interface Features {
  project: string;
  type: string;
  agent?: string | null | undefined;
  model?: string | null | undefined;
  /** The caller's own estimate. */
  estimatedSeconds?: number | null | undefined;
}

/** From the general to the specific. */
export const scopes = ['all', 'type', 'project', 'agent'] as const;

/** `all` tasks, those of the `type`, of the type in the `project`, of the type and project by the `agent` with the model. */
export type EstimateScope = (typeof scopes)[number];

/**
 * How much of the caller's estimate counts: its power by which the actual seconds are divided. A good estimate is worth all of
 * it; of a guess in the right direction the half is better, as all guesses err towards the extremes; of noise nothing.
 */
export const bases = { seconds: 0, roots: 0.5, ratios: 1 } as const;

export type Basis = keyof typeof bases;

/** What the tasks of one key took, on each basis. */
export type Experience = Record<Basis, Histogram>;

/** What is asked of the histograms now, on each basis. */
export type Levels = Record<Basis, Quantiles>;

export const initialLevels: Readonly<Levels> = { seconds: nominal, roots: nominal, ratios: nominal };

/** In seconds. */
export interface Estimate extends Quantiles {
  basis: Basis;
  /** The most specific whose tasks give at least the half of it. */
  scope: EstimateScope;
  /** How many tasks there were in that scope. */
  count: number;
  /** How many there were of the type, in all projects. */
  ofType: number;
}

/** With fewer tasks than this there is no estimate: an 80 % interval of four values would be made up. */
export const fewestTasks = 5;
const fewestForBasis = 10;
// That took longer: of one or two, what is left would be made up.
const fewestLonger = 3;
const shortestEstimate = 0.001;

/** @param experiences one for each of `scopes` @returns null when too little has been seen */
export function estimate(task: Features, experiences: readonly Experience[], levels: Readonly<Levels>): Estimate | null {
  const found = distributionOf(task, experiences);
  if (!found) return null;
  const { basis, mixture, unit } = found;
  const { p10, p50, p80, p90 } = quantilesAt(levels[basis], mixture.next());
  const decisive = mixture.shares.findLastIndex((share) => share >= 0.5);
  return {
    // Outwards, so that rounding never puts a value that lies on a bound beyond it.
    p10: Math.floor(p10 * unit * 1000) / 1000,
    p50: Math.round(p50 * unit * 1000) / 1000,
    p80: Math.ceil(p80 * unit * 1000) / 1000,
    p90: Math.ceil(p90 * unit * 1000) / 1000,
    basis,
    scope: scopes[decisive]!,
    count: experiences[decisive]![basis].count,
    ofType: experiences[1]![basis].count,
  };
}

/**
 * How many seconds a task that has run for a while will still take, from those like it that took as long.
 * @returns null when too little has been seen, or hardly any took as long
 */
export function estimateRemaining(
  task: Features,
  elapsedSeconds: number,
  experiences: readonly Experience[],
  levels: Readonly<Levels>,
): Pick<Quantiles, 'p50' | 'p80'> | null {
  const found = distributionOf(task, experiences);
  if (!found) return null;
  const { basis, mixture, unit } = found;
  const gone = mixture.levelOf(elapsedSeconds / unit);
  if ((1 - gone) * mixture.size < fewestLonger) return null;
  const after = (level: number) => Math.round((mixture.quantile(gone + level * (1 - gone)) * unit - elapsedSeconds) * 1000) / 1000;
  const p50 = after(levels[basis].p50);
  return p50 >= 0 ? { p50, p80: Math.max(p50, after(levels[basis].p80)) } : null;
}

/** Of the bases that know enough, the one whose values lie closest together. */
function distributionOf(task: Features, experiences: readonly Experience[]): { basis: Basis; mixture: Mixture; unit: number } | null {
  const own = ownEstimate(task);
  const known = (Object.keys(bases) as Basis[]).filter((name) => (own !== null || name === 'seconds') && knowsEnough(name, experiences));
  const candidates = known.map((basis) => {
    const mixture = new Mixture(experiences.map((experience) => experience[basis]));
    return { basis, mixture, unit: unitOf(basis, own), spread: known.length > 1 ? mixture.spread() : 0 };
  });
  return candidates.toSorted((a, b) => a.spread - b.spread)[0] ?? null;
}

// Few values lie close together by chance, and those of other work say nothing of this: a basis must have seen enough of all
// and of the type, or most of what was seen there.
function knowsEnough(name: Basis, experiences: readonly Experience[]): boolean {
  const [all, type] = experiences as [Experience, Experience];
  if (all[name].count < fewestTasks) return false;
  return [all, type].every((seen) => seen[name].count >= fewestForBasis || 2 * seen[name].count >= seen.seconds.count);
}

/** Adds a completed task to the experiences of its keys. */
export function learn(task: Features, actualSeconds: number, experiences: readonly Experience[]): void {
  const own = ownEstimate(task);
  for (const experience of experiences) {
    for (const name of Object.keys(bases) as Basis[]) {
      if (own !== null || name === 'seconds') experience[name].add(actualSeconds / unitOf(name, own));
    }
  }
}

/** The levels after an outcome of which something had been said at its start. */
export function adaptLevels(levels: Readonly<Levels>, said: Readonly<Quantiles> & { basis: Basis }, actualSeconds: number): Levels {
  return { ...levels, [said.basis]: adapt(levels[said.basis], said, actualSeconds) };
}

/** The key of a task in each of `scopes`. */
export function keysOf({ project, type, agent, model }: Features): string[] {
  return [[], [type], [project, type], [project, type, agent ?? '', model ?? '']].map((parts) => JSON.stringify(parts));
}

export function noExperience(): Experience {
  return { seconds: new Histogram(), roots: new Histogram(), ratios: new Histogram() };
}

function ownEstimate({ estimatedSeconds }: Features): number | null {
  return estimatedSeconds != null && estimatedSeconds >= shortestEstimate ? estimatedSeconds : null;
}

function unitOf(basis: Basis, own: number | null): number {
  return own === null ? 1 : own ** bases[basis];
}

import { describe, expect, test } from '@jest/globals';
import { adapt, nominal, type Quantiles } from './conformal.js';
import { estimate, initialLevels, learn, noExperience, scopes, type Features } from './estimator.js';
import { Histogram } from './histogram.js';
import { Mixture } from './mixture.js';
import { replay, type PastTask } from './replay.js';
import { pinball, score } from './score.js';

const histogramOf = (...values: number[]) => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};
const times = <Item>(count: number, value: (index: number) => Item) => Array.from({ length: count }, (_, index) => value(index));

/** Always the same for a seed, evenly from 0 to 1 (Park & Miller 1988). */
const randomFrom = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe('a histogram', () => {
  test('gives back values that many share as they were, zero too', () => {
    const mixture = new Mixture([histogramOf(...times(50, (index) => [0, 300, 300, 600, 900][index % 5]!))]);
    expect([0.1, 0.3, 0.5, 0.61].map((level) => mixture.quantile(level))).toEqual([0, 300, 300, 600]);
    expect(mixture.quantile(1)).toBe(900);
  });

  test('keeps quantiles of spread values within a bin of the exact ones', () => {
    const mixture = new Mixture([histogramOf(...times(200, (index) => 1.03 ** ((index * 77) % 200)))]);
    for (const level of [0.1, 0.5, 0.9]) expect(mixture.quantile(level) / 1.03 ** (200 * level)).toBeCloseTo(1, 0);
  });

  test('forgets by halves in 300 values, and is stored whole', () => {
    const histogram = histogramOf(100, ...times(300, () => 1e6));
    expect(histogram.bins[0]).toMatchObject({ count: 1, weight: expect.closeTo(0.5, 5) });
    expect(histogram.count).toBe(301);
    expect(new Histogram(JSON.parse(JSON.stringify(histogram))).toJSON()).toEqual(histogram.toJSON());
  });
});

describe('a mixture', () => {
  test('believes a key to the half after ten values, its parents for the rest, where the same values count again', () => {
    const none = new Histogram();
    expect(new Mixture([histogramOf(...times(10, () => 5)), none]).shares).toEqual([1, 0]);
    const { shares } = new Mixture([histogramOf(...times(400, () => 5)), none, histogramOf(...times(10, () => 50))]);
    expect(shares).toEqual([expect.closeTo(1, 12), 0, expect.closeTo(0.5, 1)]);
    const few = histogramOf(...times(8, () => 5));
    expect(new Mixture([few, few, none]).shares).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12), 0]);
  });

  test('goes beyond what was seen where the level does', () => {
    const mixture = new Mixture([histogramOf(10, 20, 30)]);
    expect(mixture.quantile(1.02)).toBeGreaterThan(40);
    expect(mixture.quantile(-0.02)).toBeLessThan(9);
  });
});

describe('conformal levels', () => {
  const said: Quantiles = { p10: 10, p50: 50, p80: 80, p90: 90 };

  test('move out after a miss and in after a hit, on the side that erred', () => {
    const low = adapt(nominal, said, 9);
    expect(low.p10).toBeLessThan(nominal.p10);
    expect(low.p90).toBeLessThan(nominal.p90);
    expect(adapt(nominal, said, 91).p90).toBeGreaterThan(nominal.p90);
    // On the bounds is inside.
    expect(adapt(nominal, said, 10).p10).toBeGreaterThan(nominal.p10);
    expect(adapt(nominal, said, 90).p90).toBeLessThan(nominal.p90);
    expect(adapt(nominal, said, 50).p50).toBe(nominal.p50);
  });

  test('the upper side moves in where nothing can lie below the lower one', () => {
    let levels: Quantiles = nominal;
    for (let count = 0; count < 2000; count++) levels = adapt(levels, { ...said, p10: 0 }, 10);
    expect(levels.p10).toBe(0.5);
    expect(levels.p90).toBe(0.5);
  });
});

describe('an estimate', () => {
  const bugFix: Features = { project: 'shop', type: 'bug_fix' };
  const taught = (features: Features, ...seconds: number[]) => {
    const experiences = scopes.map(() => noExperience());
    for (const value of seconds) learn(features, value, experiences);
    return experiences;
  };

  test('is none before five tasks', () => {
    expect(estimate(bugFix, taught(bugFix, 1, 2, 3, 4), initialLevels)).toBeNull();
    expect(estimate(bugFix, taught(bugFix, 1, 2, 3, 4, 5), initialLevels)).toMatchObject({ count: 5, basis: 'seconds' });
  });

  test.each([5, 6, 8, 10, 12, 15, 20, 30])('holds 80 %% of the time from the first on: %d tasks', (count) => {
    const random = randomFrom(count);
    const draw = () => 1200 * Math.exp(0.8 * normal(random));
    const held = times(1500, () => {
      const { p10, p90 } = estimate(bugFix, taught(bugFix, ...times(count, draw)), initialLevels)!;
      const next = draw();
      return Number(p10 <= next && next <= p90);
    });
    const coverage = held.reduce((sum, one) => sum + one) / held.length;
    expect(coverage).toBeGreaterThan(0.77);
    expect(coverage).toBeLessThan(0.86);
  });

  test('says which tasks it rests on most', () => {
    const [all, type, ...rest] = taught(bugFix, ...times(30, () => 600));
    expect(estimate(bugFix, [all!, type!, ...rest.map(() => noExperience())], initialLevels)).toMatchObject({
      scope: 'type',
      count: 30,
      p50: 600,
    });
    // Eight of the type are all there is: it is those, and not "all tasks".
    const eight = taught(bugFix, ...times(8, () => 600));
    const elsewhere = [eight[0]!, eight[1]!, noExperience(), noExperience()];
    expect(estimate(bugFix, elsewhere, initialLevels)).toMatchObject({ scope: 'type', count: 8, ofType: 8 });
    for (const seconds of times(100, () => 60)) learn({ project: 'shop', type: 'wait' }, seconds, [eight[0]!]);
    expect(estimate(bugFix, elsewhere, initialLevels)).toMatchObject({ scope: 'all', count: 108, ofType: 8 });
  });

  test('corrects the caller’s own estimate where that tells something, and drops it where it is noise', () => {
    const spread = (index: number) => 100 * 1.4 ** (index % 20);
    const [twice, noise] = [times(4, () => noExperience()), times(4, () => noExperience())];
    for (const index of times(200, (count) => count)) {
      learn({ ...bugFix, estimatedSeconds: spread(index) / 2 }, spread(index), twice);
      learn({ ...bugFix, estimatedSeconds: spread(index * 7 + 3) * spread(index * 3) }, 600, noise);
    }
    expect(estimate({ ...bugFix, estimatedSeconds: 1000 }, twice, initialLevels)).toMatchObject({ basis: 'ratios', p10: 2000, p90: 2000 });
    expect(estimate({ ...bugFix, estimatedSeconds: 1000 }, noise, initialLevels)).toMatchObject({ basis: 'seconds', p50: 600 });
    expect(estimate(bugFix, twice, initialLevels)).toMatchObject({ basis: 'seconds' });
  });

  test('a few own estimates of other work do not beat what the type took', () => {
    const wait = (seconds: number): Features => ({ project: 'shop', type: 'wait', estimatedSeconds: seconds });
    const [all, ...bugs] = taught(bugFix, ...times(300, (index) => 1200 + (index % 100)));
    for (const seconds of [30, 45, 60, 75, 90]) learn(wait(seconds), seconds, [all!]);
    for (const estimatedSeconds of [10, 18_000]) {
      const found = estimate({ ...bugFix, estimatedSeconds }, [all!, ...bugs], initialLevels);
      expect(found).toMatchObject({ basis: 'seconds', scope: 'agent', count: 300 });
    }
    // Of a type that is new they are all there is, once there are enough of them.
    const none = scopes.slice(1).map(() => noExperience());
    const fresh: Features = { project: 'shop', type: 'review', estimatedSeconds: 600 };
    expect(estimate(fresh, [all!, ...none], initialLevels)).toMatchObject({ basis: 'seconds' });
    for (const seconds of [30, 45, 60, 75, 90]) learn(wait(seconds), seconds, [all!]);
    expect(estimate(fresh, [all!, ...none], initialLevels)).toMatchObject({ basis: 'ratios', p50: 600 });
  });
});

describe('a replay', () => {
  const hour = 3_600_000;
  const tasks = times(400, (index) => index).map((index): PastTask => {
    const actualSeconds = 60 * (1 + ((index * 37) % 90));
    return {
      id: `${index}`,
      project: 'p',
      type: `t${index % 3}`,
      start: index * hour,
      end: index * hour + actualSeconds * 1000,
      actualSeconds,
    };
  });
  const estimatesOf = (history: readonly PastTask[]) => [...replay(history)].map((row) => row.estimate);

  test('knows nothing of what had not ended when a task started', () => {
    const changed = tasks.map((task, index) => (index >= 200 ? { ...task, actualSeconds: 5, end: task.start + 5000 } : task));
    expect(estimatesOf(changed).slice(0, 201)).toEqual(estimatesOf(tasks).slice(0, 201));
    expect(estimatesOf(changed)[220]).not.toEqual(estimatesOf(tasks)[220]);
    // What ends in the very instant has not ended before it.
    const together = tasks.map((task) => ({ ...task, start: 0, end: 0 }));
    expect(estimatesOf(together).every((row) => row === null)).toBe(true);
  });

  test('intervals of a type hold whatever other types do', () => {
    const random = randomFrom(1);
    const mixed = times(3000, (index): PastTask => {
      const isBug = index % 10 === 9;
      const actualSeconds = isBug ? 1200 * Math.exp(0.8 * normal(random)) : 299.5 + random();
      const start = index * 24 * hour;
      return { id: `${index}`, project: 'p', type: isBug ? 'bug' : 'ci', start, end: start + actualSeconds * 1000, actualSeconds };
    });
    const bugs = [...replay(mixed)].filter(({ task }) => task.type === 'bug');
    expect(score(bugs)!.coverage).toBeGreaterThan(0.77);
    expect(score(bugs)!.coverage).toBeLessThan(0.84);
  });

  test('scores the tasks that had an estimate', () => {
    const result = score([...replay(tasks)])!;
    expect(result.count).toBe(395);
    expect(result.coverage).toBeGreaterThan(0.75);
    expect(result.coverage).toBeLessThan(0.88);
    expect(result.tenths).toHaveLength(10);
    expect(score([...replay(tasks.slice(0, 3))])).toBeNull();
    expect([pinball(0.9, 10, 20), pinball(0.9, 20, 10)]).toEqual([9, expect.closeTo(1, 10)]);
  });
});

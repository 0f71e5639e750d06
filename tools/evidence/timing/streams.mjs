// Histories as they might have been, each hard for an estimator in its own way; always the same for a seed.
import { randomFrom } from '../harness.mjs';

const day = 86_400_000;
const start = Date.parse('2025-01-01T00:00:00Z');

/** Every stream by name: `(random, count) => tasks`. */
export const streams = {
  plain: (random, count) => history(random, count, {}),
  drift: (random, count) => history(random, count, { factor: (share) => 4 ** Math.sin(share * 7) }),
  jumps: (random, count) => history(random, count, { factor: (share) => [1, 6, 0.5, 3][Math.floor(share * 4)] }),
  seasons: (random, count) => history(random, count, { factor: (_share, time) => ((time / day) % 7 > 5 ? 3 : 1) }),
  // Student's t with three degrees of freedom, of logarithms.
  heavyTails: (random, count) => history(random, count, { noise: studentT }),
  newTypes: (random, count) => history(random, count, { typesAt: (share) => 4 + Math.floor(share * 36) }),
  mixtures: (random, count) => history(random, count, { noise: (gauss) => (random() < 0.3 ? 3 + 0.3 * gauss() : 0.5 * gauss()) }),
  // Booked by five minutes, or by the quarter of an hour. Where most of a type are one of those, no interval can hold fewer.
  rounded: (random, count) =>
    history(random, count, { factor: () => 3, round: (seconds) => Math.max(300, Math.round(seconds / 300) * 300) }),
  quarters: (random, count) =>
    history(random, count, { factor: () => 8, round: (seconds) => Math.max(1, Math.round(seconds / 900)) * 900 }),
  zeros: (random, count) => history(random, count, { round: (seconds) => (random() < 0.15 ? 0 : seconds) }),
  estimates: (random, count) => history(random, count, { estimate: biased(random) }),
  sometimes: (random, count) => history(random, count, { estimate: (...about) => (random() < 0.4 ? biased(random)(...about) : null) }),
  exact: (random, count) =>
    history(random, count, { estimate: (actual, ...about) => (random() < 0.4 ? actual : biased(random)(actual, ...about)) }),
  noise: (random, count) => history(random, count, { estimate: () => Math.exp(5 + random() * 5) }),
  guesses: (random, count) => history(random, count, { estimate: () => [60, 300, 900, 3600, 18_000][Math.floor(random() * 5)] }),
  // Only the day is known, and tasks take weeks: hundreds are under way at once.
  dates: (random, count) =>
    history(random, count, { factor: (share) => 3 ** Math.sin(share * 5), long: 0.3 }).map((task) => ({
      ...task,
      start: Math.floor(task.start / day) * day,
      end: Math.floor(task.end / day) * day,
    })),
  everything: (random, count) =>
    history(random, count, {
      factor: (share) => 3 ** Math.sin(share * 5),
      noise: studentT,
      typesAt: (share) => 5 + Math.floor(share * 20),
      round: (seconds) => Math.max(60, Math.round(seconds / 60) * 60),
      estimate: (...about) => (random() < 0.6 ? biased(random)(...about) : null),
      long: 0.05,
    }),
};

// Each agent is off in its own way, and rounds.
function biased(random) {
  return (actual, agent) => {
    const guess = actual * (0.4 + 0.25 * (agent % 8)) * Math.exp(0.5 * normal(random));
    return Math.max(60, Math.round(guess / 300) * 300);
  };
}

function history(
  random,
  count,
  { factor = () => 1, noise, typesAt = () => 12, round = (seconds) => seconds, estimate = () => null, long = 0 },
) {
  const gauss = () => normal(random);
  const draw = noise ?? ((g) => 0.8 * g());
  const typical = Array.from({ length: 60 }, () => 6 + 1.5 * gauss());
  const projects = Array.from({ length: 15 }, () => 0.5 * gauss());
  const agents = Array.from({ length: 25 }, () => 0.4 * gauss());
  const tasks = [];
  for (let number = 0, time = start; number < count; number++) {
    const share = number / count;
    const types = typesAt(share, time);
    const type = Math.floor(types * random() ** 1.5);
    const project = Math.floor(15 * random() ** 2);
    const agent = Math.floor(25 * random() ** 2);
    const centre = typical[type] + projects[project] + agents[agent];
    const actual = round(Math.min(30 * 86_400, Math.exp(centre + draw(gauss)) * factor(share, time)));
    time += -Math.log(1 - random()) * 600_000;
    const wait = random() < long ? 20 * day * random() : 0;
    tasks.push({
      id: `t${number}`,
      project: `p${project}`,
      type: `type-${type}`,
      agent: `a${agent}`,
      description: 'synthetic',
      start: time,
      end: time + actual * 1000 + wait,
      actualSeconds: actual,
      estimatedSeconds: estimate(actual, agent, type),
    });
  }
  return tasks;
}

function studentT(gauss) {
  return gauss() / Math.sqrt((gauss() ** 2 + gauss() ** 2 + gauss() ** 2) / 3);
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** One stream of a seed. */
export function stream(name, seed, count) {
  return streams[name](randomFrom(seed), count);
}

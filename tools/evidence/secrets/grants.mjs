import { isGranted } from '@supervisor/core';
import { randomFrom } from '../harness.mjs';

const actions = ['read', 'use', 'write', 'destroy'];
const names = ['shop', 'blog', 'meta', 'a', 'ab', 'abc', 'key', 'api_key', 'x.y'];
const globs = ['*', '**', 'a*', '*b', 'a*c', '*_*', 's*p', '***', 'k**'];

/** The one function that decides about grants, against the same rule written a second time. */
export const grants = {
  name: 'grants',
  goal: '0 disagreements with the oracle',
  sizes: { sets: 100_000 },
  async run(stage, { seed, sizes }) {
    const random = randomFrom(seed);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const problems = [];
    let allowed = 0;
    for (let index = 0; index < sizes.sets; index++) {
      const segments = (choices) => Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(choices)).join('/');
      const set = Array.from({ length: Math.floor(random() * 5) }, () => ({
        paths: segments([...names, ...globs, '**', '*']),
        actions: actions.filter(() => random() < 0.5),
      }));
      const [action, path] = [pick(actions), segments(names)];
      const expected = oracle(set, action, path);
      if (expected) allowed++;
      if (isGranted(set, action, path) !== expected)
        problems.push(`${action} ${path} with ${JSON.stringify(set)}: the oracle says ${expected}`);
    }
    if (allowed < sizes.sets / 20) problems.push(`only ${allowed} sets allowed anything: they say little`);
    return { holds: problems.length === 0, figure: `${problems.length} disagreements, ${allowed} allowed`, problems };
  },
};

// By definition: a `**` segment is no segment, or one and itself again; in a name a `*` is no character, or one and itself again.
function oracle(set, action, path) {
  return set.some((grant) => grant.actions.includes(action) && segmentsFit(grant.paths.split('/'), path.split('/')));
}

function segmentsFit([pattern, ...patterns], segments) {
  if (pattern === undefined) return segments.length === 0;
  if (pattern === '**')
    return segmentsFit(patterns, segments) || (segments.length > 0 && segmentsFit(['**', ...patterns], segments.slice(1)));
  return segments.length > 0 && nameFits(pattern, segments[0]) && segmentsFit(patterns, segments.slice(1));
}

function nameFits(pattern, name) {
  if (pattern === '') return name === '';
  if (pattern[0] === '*') return nameFits(pattern.slice(1), name) || (name !== '' && nameFits(pattern, name.slice(1)));
  return pattern[0] === name[0] && nameFits(pattern.slice(1), name.slice(1));
}

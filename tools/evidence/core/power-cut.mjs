import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The disk of an embedded database loses its power again and again: what it might have left is opened and looked through. */
export const powerCut = {
  name: 'power-cut',
  goal: 'every directory opens, no table or index is damaged, 0 rows lost that were acknowledged 0.2 s before',
  sizes: { loads: 4, cuts: 14, statements: 200, milliseconds: 200 },
  async run(stage, { seed, sizes }) {
    const problems = [];
    const seen = { cuts: 0, damaged: 0, lostAfter: 0 };
    for (let load = 0; load < sizes.loads; load++) {
      const folder = stage.folder();
      const cuts = cutsOf(stage, folder, seed * 1000 + load, sizes);
      const lookThrough = async () => {
        for await (const name of cuts) {
          const { problems: found, lostAfter } = await look(stage, join(folder, name));
          seen.cuts++;
          if (found.length > 0) seen.damaged++;
          seen.lostAfter = Math.max(seen.lostAfter, lostAfter);
          const note = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
          problems.push(...found.map((what) => `load ${load}, ${name} (${note.name}): ${what}`));
          rmSync(join(folder, name), { recursive: true });
          stage.progress(`${seen.cuts} cuts, ${seen.damaged} with damage`);
        }
      };
      await Promise.all([lookThrough(), lookThrough()]);
    }
    const figure = `${seen.cuts} cuts, ${seen.damaged} left damage; lost was what had been acknowledged ${Math.ceil(seen.lostAfter)} ms before, at the most`;
    return { holds: problems.length === 0 && seen.cuts === sizes.loads * sizes.cuts, figure, problems };
  },
};

async function* cutsOf(stage, folder, seed, { cuts, statements, milliseconds }) {
  const child = program(stage, 'load.mjs', [folder, seed, cuts, statements, milliseconds].map(String));
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('cut-')) yield line;
  const code = await ended;
  if (code !== 0) throw new Error(`The load ended with ${code}.`);
}

async function look(stage, place) {
  const child = program(stage, 'look.mjs', [place]);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const last = output.trim().split('\n').at(-1);
  return last.startsWith('{') ? JSON.parse(last) : { problems: [`looking at it ended with ${code}`], lostAfter: 0 };
}

function program(stage, name, args) {
  const path = fileURLToPath(new URL(`power-cut/${name}`, import.meta.url));
  // They live for seconds: V8 would spend much of that on optimising code that then ends.
  return stage.spawn(['--liftoff-only', path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

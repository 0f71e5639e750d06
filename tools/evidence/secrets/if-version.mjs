import { openInMemory, openDatabase } from '@supervisor/db';
import { SecretsManager } from '@supervisor/secrets';

const path = 'shop/race/key';

/** Many writers who all saw the same version: one of them wins. */
export const ifVersion = {
  name: 'if-version',
  goal: 'one winner a round, versions without a gap, on both databases',
  sizes: { writers: 50, rounds: 200 },
  async run(stage, { sizes }) {
    const [url] = await stage.postgres('races');
    const problems = [];
    for (const [kind, open] of [
      ['embedded', () => openInMemory()],
      ['PostgreSQL', () => openDatabase(url)],
    ]) {
      const db = await open();
      stage.onEnd(() => db.close());
      problems.push(...(await race(stage, kind, new SecretsManager('feed'.repeat(15) + '0001', { db }), sizes)));
    }
    return { holds: problems.length === 0, figure: `${problems.length} rounds with another end`, problems };
  },
};

async function race(stage, kind, secrets, { writers, rounds }) {
  const problems = [];
  for (let version = 0; version < rounds; version++) {
    stage.progress(`${kind}: round ${version} of ${rounds}`);
    const attempts = Array.from({ length: writers }, (_, writer) =>
      secrets.store(path, `round ${version} writer ${writer}`, { ifVersion: version }),
    );
    const outcomes = await Promise.allSettled(attempts);
    const winners = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));
    const strange = outcomes.filter(({ reason }) => reason && reason.code !== 'conflict');
    if (winners.length !== 1) problems.push(`${kind}: ${winners.length} winners in round ${version}`);
    if (strange.length > 0) problems.push(`${kind}: ${strange[0].reason.code} in round ${version}`);
    if ((await secrets.retrieve(path)) !== `round ${version} writer ${winners[0]}`)
      problems.push(`${kind}: not the winner's value in round ${version}`);
  }
  const versions = (await secrets.versions(path)).map(({ version }) => version).toReversed();
  if (versions.length !== rounds || versions.some((version, index) => version !== index + 1))
    problems.push(`${kind}: versions ${versions}`);
  return problems;
}

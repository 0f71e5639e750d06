import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { Caller } from './entry.js';
import { KnowledgeBase } from './knowledge-base.js';

const fakeKey = 'sk_fake_0123456789abcdef';
const redact = (text: string) => ({
  text: text.replaceAll(fakeKey, '[secret:shop/fake/key]'),
  redactions: text.includes(fakeKey) ? ['shop/fake/key'] : [],
});
const blog: Caller = { boundTo: 'blog', project: 'blog' };

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let knowledge: KnowledgeBase;
  let now = Date.now();
  beforeAll(async () => {
    database = await open();
    knowledge = new KnowledgeBase({ db: database, redact, now: () => new Date(now) });
  });
  afterAll(() => database.close());

  /** Document frequencies and sizes, once as the index has them and once counted anew. */
  async function expectExactIndex() {
    const [counted] = await rows<Record<string, unknown>>(
      database.orm,
      sql`select (select coalesce(sum(chunks), 0)::int from supervisor.knowledge_scopes) as chunks,
        (select count(*)::int from supervisor.knowledge_chunks) as real,
        (select count(*)::int from supervisor.knowledge_postings where size <> cardinality(hits) or size = 0) as wrong,
        (select count(*)::int from supervisor.knowledge_postings p cross join lateral unnest(hits) hit
          where not exists (select from supervisor.knowledge_chunks c where c.id = (p.block << 9) + (hit >> 22))) as dangling,
        (select count(*)::int from (select scope, term, (block << 9) + (hit >> 22) from supervisor.knowledge_postings cross join lateral unnest(hits) hit
          group by 1, 2, 3 having count(*) > 1) twice) as twice`,
    );
    expect(counted).toEqual({ chunks: counted!['real'], real: counted!['real'], wrong: 0, dangling: 0, twice: 0 });
  }

  test('what one project shares, another finds; what it keeps, nobody else does', async () => {
    const own = await knowledge.learn('shop', 'Stripe webhooks must be verified against the raw body, before JSON parsing.', {
      tags: ['stripe'],
    });
    const shared = await knowledge.learn('shop', 'Stripe test clocks expire after 30 days.', { kind: 'incident', visibility: 'shared' });
    expect(own).toMatchObject({ created: true, duplicateOf: null, redactions: [], similar: [] });
    const ofShop = await knowledge.search('how do I verify a stripe webhook?', {}, { boundTo: null, project: 'shop' });
    expect(ofShop.omitted).toBe(0);
    expect(ofShop.results.map(({ id }) => id)).toEqual([own.id, shared.id]);
    expect(ofShop.results[0]).toMatchObject({ startLine: 1, endLine: 1, heading: '', score_parts: { superseded: false } });
    expect((await knowledge.search('stripe webhook', {}, blog)).results.map(({ id }) => id)).toEqual([shared.id]);
    expect((await knowledge.search('stripe', { projects: ['shop'] }, blog)).results.map(({ id }) => id)).toEqual([shared.id]);
    expect((await knowledge.search('stripe', { kinds: ['incident'] })).results.map(({ id }) => id)).toEqual([shared.id]);
    await expect(knowledge.get(own.id, blog)).rejects.toMatchObject({ code: 'not_found' });
    expect((await knowledge.list({}, blog)).entries.map(({ id }) => id)).toEqual([shared.id]);
    await expect(knowledge.update(shared.id, { text: 'mine' }, blog)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await knowledge.forget({ ids: [own.id, shared.id] }, {}, blog)).toEqual([]);
    expect(await knowledge.stats(undefined, blog)).toMatchObject([{ project: 'shop', kind: 'incident', entries: 1, chunks: 1 }]);
  });

  test('the same again is the same entry, nearly the same is named', async () => {
    const text = 'Run migrations before the deploy, never after it: old code must work with the new tables.';
    const first = await knowledge.learn('shop', text);
    expect(await knowledge.learn('shop', `\n${text} \r\n`)).toMatchObject({ id: first.id, created: false, duplicateOf: first.id });
    const near = await knowledge.learn('shop', text.replace('never after it', 'never after'));
    expect(near).toMatchObject({ created: true, similar: [{ id: first.id }] });
    expect(near.similar[0]!.similarity).toBeGreaterThan(0.8);
    expect(await knowledge.learn('shop', text, { visibility: 'shared', supersedes: near.id })).toMatchObject({ duplicateOf: first.id });
    expect(await knowledge.get(first.id, blog)).toMatchObject({ visibility: 'shared' });
    expect(await knowledge.get(near.id)).toMatchObject({ supersededBy: first.id });
    const both = await Promise.all(Array.from({ length: 5 }, () => knowledge.learn('shop', 'Five at once are one.')));
    expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    await expectExactIndex();
  });

  test('a tag finds what has no such word, for as long as it is there', async () => {
    const text = 'Round half to even before the sum.';
    const { id } = await knowledge.learn('tagged', text, { tags: ['vat-rates'] });
    const found = async (query: string) => (await knowledge.search(query, { projects: ['tagged'] })).results.map((hit) => hit.id);
    expect(await found('what are the rates of VAT?')).toEqual([id]);
    await knowledge.learn('tagged', text, { visibility: 'shared', tags: ['money'] });
    expect([await found('vat'), await found('money')]).toEqual([[id], []]);
    await knowledge.update(id, { tags: ['invoices'] });
    expect([await found('vat'), await found('invoice')]).toEqual([[], [id]]);
    await knowledge.forget({ ids: [id] });
    await expectExactIndex();
  });

  test('what is superseded comes last, and only once', async () => {
    const old = await knowledge.learn('zoo', 'The staging cluster is called zebra-one.');
    const newer = await knowledge.learn('zoo', 'Since May the staging cluster, formerly in Frankfurt, is called zebra-two.', {
      supersedes: old.id,
    });
    const { results } = await knowledge.search('what is the staging cluster called: zebra-one?', { projects: ['zoo'] });
    expect(results.map(({ id, supersededBy }) => [id, supersededBy])).toEqual([
      [newer.id, null],
      [old.id, newer.id],
    ]);
    await expect(knowledge.learn('zoo', 'zebra-three', { supersedes: old.id })).rejects.toMatchObject({ code: 'conflict' });
    await expect(knowledge.update(old.id, { supersedes: newer.id })).rejects.toMatchObject({ code: 'conflict' });
    const reworded = await knowledge.learn('zoo', 'So the staging cluster is called zebra-one.');
    expect(reworded.similar[0]).toMatchObject({ id: old.id, supersededBy: newer.id });
    await knowledge.forget({ ids: [reworded.id] });
    const again = 'The staging cluster is called zebra-one.';
    for (const supersedes of [undefined, old.id])
      await expect(knowledge.learn('zoo', again, { supersedes })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(`supersedes ${newer.id}`),
      });
    const back = await knowledge.learn('zoo', again, { supersedes: newer.id });
    expect(back).toMatchObject({ id: old.id, created: false });
    expect((await knowledge.list({ project: 'zoo' })).entries.map(({ supersededBy }) => supersededBy)).toEqual([old.id, null]);
    expect(await knowledge.list({ project: 'zoo', limit: 2 })).not.toHaveProperty('nextCursor');
    await knowledge.learn('other', 'The clusters are named after zebras.', { visibility: 'shared' });
    const own = await knowledge.learn('zoo', 'The clusters are named after lions.');
    expect(await knowledge.learn('zoo', 'The clusters are named after zebras.', { supersedes: own.id })).toMatchObject({ created: true });
    await expect(knowledge.learn('blog', 'zebra-four', { supersedes: old.id })).rejects.toMatchObject({ code: 'not_found' });
    expect((await knowledge.search('zebra-four')).results.map(({ text }) => text)).not.toContain('zebra-four');
    await expectExactIndex();
  });

  test('usefulness and age order equals, one voice for each project', async () => {
    const one = await knowledge.learn('rank', 'The quokka cache needs a warm start, see runbook A.');
    const two = await knowledge.learn('rank', 'The quokka cache needs a warm start, see runbook B.');
    const rate = (id: number, project: string, useful: boolean) => knowledge.update(id, { useful }, { boundTo: null, project });
    for (const project of ['rank', 'rank', 'shop']) await rate(two.id, project, true);
    expect(await rate(one.id, 'shop', false)).toMatchObject({ helped: 0, misled: 1 });
    expect(await knowledge.get(two.id)).toMatchObject({ helped: 2, misled: 0 });
    const { results } = await knowledge.search('quokka cache');
    expect(results.map(({ id }) => id)).toEqual([two.id, one.id]);
    for (const { score_parts } of results) {
      expect(Math.abs(score_parts.usefulness - 1)).toBeLessThanOrEqual(0.1);
      expect(score_parts.recency).toBeGreaterThan(1);
      expect(score_parts.recency).toBeLessThanOrEqual(1.05);
    }
  });

  test('secrets are gone before anything else happens', async () => {
    const learned = await knowledge.learn('leak', `The key ${fakeKey} is in the vault.`, {
      source: `curl -H ${fakeKey}`,
      tags: [fakeKey],
      task: fakeKey,
    });
    expect(learned.redactions).toEqual(['shop/fake/key']);
    expect(await knowledge.get(learned.id)).toMatchObject({ tags: [], task: null });
    expect(JSON.stringify([await knowledge.get(learned.id), await knowledge.export({ project: 'leak' })])).not.toContain(fakeKey);
    expect((await knowledge.search(fakeKey)).results.map(({ id }) => id)).not.toContain(undefined);
    const again = await knowledge.learn('leak', 'The key [secret:shop/fake/key] is in the vault.');
    expect(again.duplicateOf).toBe(learned.id);
    await expect(knowledge.learn('leak', ' \n ')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('an entry changes in place, in its text and in its reach', async () => {
    const { id } = await knowledge.learn('shop', 'Wombat jobs run hourly.');
    expect(await knowledge.update(id, { text: 'Numbat jobs run daily.', visibility: 'shared', ttlDays: 10 })).toMatchObject({
      id,
      text: 'Numbat jobs run daily.',
      visibility: 'shared',
    });
    expect((await knowledge.search('wombat')).results).toEqual([]);
    expect((await knowledge.search('numbat', {}, blog)).results).toHaveLength(1);
    await expectExactIndex();
    now += 11 * 86_400_000;
    expect((await knowledge.search('numbat')).results).toEqual([]);
    await knowledge.learn('shop', 'Something else entirely.');
    await expect(knowledge.get(id)).rejects.toMatchObject({ code: 'not_found' });
    await expectExactIndex();
  });

  test('changes at one time are all kept', async () => {
    const { id } = await knowledge.learn('shop', 'The old text of a lesson that two agents change');
    await Promise.all([
      knowledge.update(id, { text: 'The new text of that lesson' }),
      knowledge.update(id, { tags: ['changed'] }),
      knowledge.update(id, { task: 'fix-login' }),
    ]);
    expect(await knowledge.get(id)).toMatchObject({ text: 'The new text of that lesson', tags: ['changed'], task: 'fix-login' });
    await knowledge.forget({ ids: [id] });
  });

  test('a project whose name is no slug is refused', async () => {
    for (const asked of [() => knowledge.learn('My Shop!', 'A lesson.'), () => knowledge.registerRoot('My Shop!', '/srv/odd')])
      await expect(asked()).rejects.toMatchObject({ code: 'invalid_input', details: { fields: ['project'] } });
  });

  test('forgetting leaves no trace, and says beforehand what it would take', async () => {
    const { id } = await knowledge.learn('gone', 'The capybara service is retired.', { tags: ['old'] });
    expect(await knowledge.forget({ project: 'gone', tag: 'old' }, { dryRun: true })).toEqual([id]);
    expect((await knowledge.search('capybara')).results).toHaveLength(1);
    expect(await knowledge.forget({ project: 'gone', tag: 'old' })).toEqual([id]);
    expect(await knowledge.forget({ ids: [id] })).toEqual([]);
    expect((await knowledge.search('capybara', { explain: true })).terms).toEqual([]);
    await expect(knowledge.forget({})).rejects.toMatchObject({ code: 'invalid_input' });
    await expectExactIndex();
  });

  test('an answer ends at a chunk’s edge, and knows since when', async () => {
    const long = Array.from({ length: 6 }, (_, index) => `# Part ${index}\n\n${'The narwhal protocol repeats. '.repeat(40)}`).join('\n\n');
    for (const suffix of ['a', 'b', 'c']) await knowledge.learn('fit', `${long}\n\n${suffix}`);
    const all = await knowledge.search('narwhal protocol', { projects: ['fit'] });
    expect(all.results).toHaveLength(6);
    expect(all.results[0]!.heading).toMatch(/^Part \d$/);
    const cut = await knowledge.search('narwhal protocol', { projects: ['fit'], maxTokens: 800 });
    expect(all.results).toEqual(expect.arrayContaining(cut.results));
    expect(cut.results[0]).toEqual(all.results[0]);
    expect(cut.results.length + cut.omitted).toBe(6);
    expect(cut.results.length).toBe(2);
    await knowledge.learn('fit', `\`\`\`\n${'quokka '.repeat(4000)}\n\`\`\``);
    await knowledge.learn('fit', 'A quokka is a small kangaroo, which is not what this system is about at all.');
    const large = await knowledge.search('quokka', { projects: ['fit'], maxTokens: 1000 });
    expect(large.results.map(({ text }) => text.length < 3500)).toContain(true);
    expect(large.results.length + large.omitted).toBeGreaterThan(1);
    const since = new Date(Date.now() + 60_000).toISOString();
    expect((await knowledge.search('narwhal', { projects: ['fit'], since })).results).toEqual([]);
  });

  test('documents follow their files: added, updated, unchanged, removed', async () => {
    await expect(knowledge.ingest('shop', '/srv/shop', [])).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('register-root'),
    });
    for (const path of [homedir(), dirname(homedir()), '/', 'docs']) {
      await expect(knowledge.registerRoot('shop', path)).rejects.toMatchObject({ code: 'invalid_input' });
    }
    expect(await knowledge.registerRoot('shop', '/srv/shop/')).toMatchObject({ path: '/srv/shop', created: true });
    const files = [
      { source: 'README.md', text: `# Pangolin\n\n## Set-up\n\nRun make.\n\n## Key\n\n${fakeKey}\n` },
      { source: 'src/pangolinClient.ts', text: 'export function pangolinClient() {}', format: 'plain' as const },
    ];
    expect(await knowledge.ingest('shop', '/srv/shop', files, { dryRun: true })).toMatchObject({
      added: ['README.md', 'src/pangolinClient.ts'],
    });
    expect((await knowledge.search('pangolin')).results).toEqual([]);
    expect(await knowledge.ingest('shop', '/srv/shop', files)).toMatchObject({
      added: ['README.md', 'src/pangolinClient.ts'],
      redactions: 1,
    });
    expect(await knowledge.ingest('shop', '/srv/shop', files)).toMatchObject({
      added: [],
      updated: [],
      unchanged: ['README.md', 'src/pangolinClient.ts'],
    });
    expect((await knowledge.search('pangolin set up')).results[0]).toMatchObject({
      source: 'README.md',
      heading: 'Pangolin › Set-up',
      startLine: 3,
      endLine: 5,
    });
    expect((await knowledge.search('pangolinClient')).results[0]).toMatchObject({ source: 'src/pangolinClient.ts', kind: 'document' });
    files[0]!.text = '# Pangolin\n\nRun ninja.';
    expect(await knowledge.ingest('shop', '/srv/shop', files)).toMatchObject({
      updated: ['README.md'],
      unchanged: ['src/pangolinClient.ts'],
    });
    const shared = await knowledge.ingest('shop', '/srv/shop', files, { visibility: 'shared' });
    expect(shared).toMatchObject({ updated: ['README.md', 'src/pangolinClient.ts'], unchanged: [] });
    expect((await knowledge.search('ninja', {}, blog)).results).toHaveLength(1);
    expect(await knowledge.ingest('shop', '/srv/shop', files)).toMatchObject({ updated: ['README.md', 'src/pangolinClient.ts'] });
    expect((await knowledge.search('ninja', {}, blog)).results).toEqual([]);
    expect((await knowledge.listDocuments('shop', '/srv/shop')).documents.map(({ source }) => source)).toEqual([
      'README.md',
      'src/pangolinClient.ts',
    ]);
    expect(await knowledge.removeDocuments('shop', '/srv/shop', ['README.md', 'nothing'])).toEqual(['README.md']);
    expect((await knowledge.search('ninja')).results).toEqual([]);
    const emptied = [{ source: 'src/pangolinClient.ts', text: ' \n' }];
    expect(await knowledge.ingest('shop', '/srv/shop', emptied, { dryRun: true })).toMatchObject({ removed: ['src/pangolinClient.ts'] });
    expect(await knowledge.ingest('shop', '/srv/shop', emptied)).toMatchObject({ removed: ['src/pangolinClient.ts'] });
    expect(await knowledge.ingest('shop', '/srv/shop', emptied)).toMatchObject({ removed: [], added: [] });
    await expectExactIndex();
  });

  test('a document whose path is a secret is the same one each time', async () => {
    await knowledge.registerRoot('odd', '/srv/odd');
    const documents = [
      { source: `${fakeKey}.md`, text: 'An echidna lays eggs.' },
      { source: '[secret:shop/fake/key].md', text: 'An echidna lays one egg.' },
    ];
    const stored = '[secret:shop/fake/key].md';
    expect(await knowledge.ingest('odd', '/srv/odd', documents.slice(0, 1), { dryRun: true })).toMatchObject({ redactions: 1 });
    expect(await knowledge.ingest('odd', '/srv/odd', documents)).toMatchObject({ added: [stored] });
    expect(await knowledge.ingest('odd', '/srv/odd', documents)).toMatchObject({ unchanged: [stored] });
    expect(await knowledge.removeDocuments('odd', '/srv/odd', [`${fakeKey}.md`])).toEqual([stored]);
  });

  test('an export comes back elsewhere, with what superseded what', async () => {
    const old = await knowledge.learn('moved', 'Use axios for calls.', { kind: 'decision', tags: ['http'] });
    await knowledge.learn('moved', 'Use fetch for calls.', { kind: 'decision', supersedes: old.id });
    await knowledge.update(old.id, { useful: false }, { boundTo: null, project: 'shop' });
    // An older one may be what holds again.
    const late = await knowledge.learn('moved', 'Retry three times.');
    const again = await knowledge.learn('moved', 'Retry five times.');
    await knowledge.update(late.id, { supersedes: again.id });
    const { entries } = await knowledge.export({ project: 'moved' });
    const target = await open();
    const other = new KnowledgeBase({ db: target });
    expect(await other.import(entries)).toEqual({ added: 4, unchanged: 0, redactions: 0 });
    expect(await other.import(entries)).toEqual({ added: 0, unchanged: 4, redactions: 0 });
    expect((await other.export()).entries).toEqual(entries);
    expect((await other.list()).entries.map(({ supersededBy }) => supersededBy)).toEqual([3, null, null, 2]);
    const gone = { ...entries[0]!, text: 'Over long ago.', expiresAt: '2020-01-01T00:00:00.000Z' };
    expect(await other.import([gone])).toMatchObject({ added: 0, unchanged: 1 });
    const [bound] = (await knowledge.export({ project: 'moved' }, { boundTo: 'moved' })).entries;
    expect([entries[0]!.misled, bound!.misled]).toEqual([['shop'], []]);
    await target.close();
  });

  test('an import makes no circle out of what two sides decided', async () => {
    const [x, n, y] = ['The gate is red.', 'The gate is green.', 'The gate is blue.'];
    const first = await knowledge.learn('circle', x!);
    const second = await knowledge.learn('circle', n!, { supersedes: first.id });
    await knowledge.learn('circle', y!, { supersedes: second.id });
    const { entries } = await knowledge.export({ project: 'circle' });
    const target = await open();
    const other = new KnowledgeBase({ db: target });
    const blue = await other.learn('circle', y!);
    await other.learn('circle', x!, { supersedes: blue.id });
    expect(await other.import(entries)).toMatchObject({ added: 1, unchanged: 2 });
    expect((await other.list()).entries.filter(({ supersededBy }) => supersededBy === null)).toHaveLength(1);
    await target.close();
  });

  test('words are stemmed in the project’s language, also those from before', async () => {
    await knowledge.learn('kontor', 'Die Häuser wurden gestern gestrichen.');
    const found = async () => (await knowledge.search('Haus streichen', { projects: ['kontor'] })).results.length;
    expect(await found()).toBe(0);
    expect(await knowledge.setLanguage('kontor', 'german')).toMatchObject({ reindexed: 1, left: 0 });
    expect(await found()).toBe(1);
    await expect(knowledge.setLanguage('kontor', 'klingon')).rejects.toMatchObject({ code: 'invalid_input' });
    await expectExactIndex();
  });

  test('a page of an export ends where it gets long', async () => {
    const long = 'lemming '.repeat(12_000);
    for (let number = 0; number < 22; number++) await knowledge.learn('long', `${number} ${long}`);
    const first = await knowledge.export({ project: 'long', limit: 500 });
    expect(first.entries).toHaveLength(20);
    const second = await knowledge.export({ project: 'long', limit: 500, cursor: first.nextCursor });
    expect(second).toMatchObject({ entries: [{}, {}] });
    expect(second.nextCursor).toBeUndefined();
    expect((await knowledge.export({ project: 'long', limit: 2, cursor: first.nextCursor })).nextCursor).toBeUndefined();
    await knowledge.forget({ project: 'long' });
  });

  test('a slip finds what was meant, where nothing else is found', async () => {
    const webhook = await knowledge.learn('slips', 'Verify the webhook before any parsing.');
    const street = await knowledge.learn('slips', 'Die Straße nach Zürich ist gesperrt.');
    const ids = async (query: string) => (await knowledge.search(query, { projects: ['slips'] })).results.map(({ id }) => id);
    for (const slip of ['webhok', 'webhoook', 'wehbook', 'what about wabhook?']) expect(await ids(slip)).toEqual([webhook.id]);
    for (const slip of ['strasse', 'Zuerich']) expect(await ids(slip)).toEqual([street.id]);
    expect(await ids('webhok zurich')).toEqual([street.id]);
    expect(await knowledge.search('webhok', { projects: ['slips'] })).toMatchObject({ reason: expect.stringContaining('a letter away') });
    expect(await knowledge.search('webhook', { projects: ['slips'] })).not.toHaveProperty('reason');
    // Filler words are neither asked for nor meant.
    await knowledge.learn('slips', 'There is more about it, which these should show.');
    const fillers = ['What about Kubernetes?', 'Where is Grafana?', 'Which theme?', 'whichh'];
    for (const other of [...fillers, 'wehboook', 'nich', 'webhok'.repeat(600), '🙂']) expect(await ids(other)).toEqual([]);
    // Among what many projects share too.
    const ofOthers: number[] = [];
    for (let other = 0; other < 30; other++)
      ofOthers.push((await knowledge.learn(`slips-${other}`, `Lesson ${other}.`, { visibility: 'shared' })).id);
    const own = { boundTo: 'slips', project: 'slips' };
    expect((await knowledge.search('webhoko', {}, own)).results).toMatchObject([{ id: webhook.id }]);
    await knowledge.forget({ ids: ofOthers });
    await knowledge.forget({ project: 'slips' });
  });

  test('what is changed during a change of language stays changed', async () => {
    const { id } = await knowledge.learn('during', 'Das alte Haus.', { visibility: 'shared' });
    let changed = false;
    const slow = new KnowledgeBase({
      db: database,
      redact: async (text) => {
        if (!changed) {
          changed = true;
          await knowledge.update(id, { text: 'Das neue Haus.', visibility: 'project' });
        }
        return { text, redactions: [] };
      },
    });
    await slow.setLanguage('during', 'german');
    expect(await knowledge.get(id)).toMatchObject({ text: 'Das neue Haus.', visibility: 'project' });
    expect((await knowledge.stats('during')).filter(({ entries }) => entries > 0)).toMatchObject([{ language: 'german' }]);
    await expectExactIndex();
  });

  test('changes of language that contend come to an end, in the last one', async () => {
    for (let number = 0; number < 5; number++) await knowledge.learn('kontor', `Die Häuser von Straße ${number} wurden gestrichen.`);
    await Promise.all(['german', 'english', 'irish', 'german', 'dutch'].map((language) => knowledge.setLanguage('kontor', language)));
    // Each has two seconds; what they leave on a busy machine is the sweep's.
    await knowledge.reindex();
    expect(await knowledge.reindex()).toEqual({ reindexed: 0, left: 0 });
    const scopes = (await knowledge.stats('kontor')).filter(({ entries }) => entries > 0);
    expect(scopes.map(({ language }) => language)).toEqual([expect.stringMatching(/^(german|english|irish|dutch)$/)]);
    await expectExactIndex();
  });
});

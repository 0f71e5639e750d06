import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { createRedactor } from '@supervisor/secrets/redact';
import { RawPipe } from '../raw-pipe.mjs';
import { checkout } from '../harness.mjs';
import { inputs } from '../core/inputs.mjs';
import { restRequest, send } from '../core/rest-request.mjs';
import { commandLines, runCommand } from './canary-commands.mjs';
import { argvOfAll, databaseText, environmentOf, filesOf, metrics } from './canary-places.mjs';

const slow = 20_000;
// The paths that made-up inputs use.
const pathOf = (index) => `fuzz-a/fake/key-${index}`;
const exposureOf = (index) => (index % 2 === 0 ? 'reveal' : 'use');

/** A value of its own in every secret; then every operation on every surface, and a look everywhere for any of them. */
export const canaries = {
  name: 'canary',
  goal: 'no canary, in any encoding of the table, but in reveals that are allowed; each canary is seen in one of these',
  sizes: { throughMcp: 8, throughPipe: 4, throughHttp: 4, throughRest: 8, throughCommand: 1 },
  async run(stage, { seed, sizes }) {
    const results = [];
    const problems = [];
    for (const database of ['embedded', 'postgres']) {
      const url = database === 'postgres' ? (await stage.postgres('canary'))[0] : undefined;
      const settings = url ? { DATABASE_URL: url, ENCRYPTION_KEY: 'fade'.repeat(15) + '0002' } : {};
      const home = await stage.home({ settings });
      await home.start();
      const search = new Search(shapes(`${seed} ${database}`));
      await useEverything(stage, home, search, { seed, sizes, database });
      await lookEverywhere(home, search, url);
      const unseen = search.values.flatMap((_, index) => (search.released.has(pathOf(index)) ? [] : [pathOf(index)]));
      if (unseen.length > 0) search.findings.set('never released, so the search proves nothing', unseen.join(' '));
      results.push(
        `${database}: ${search.places} answers and places, ${(search.bytes / 1e6).toFixed(1)} MB, ` +
          `${search.allowed} allowed reveals of ${search.values.length} canaries, ${search.findings.size} elsewhere`,
      );
      problems.push(...[...search.findings].map(([where, detail]) => `${database}, ${where}: ${detail}`));
    }
    return { holds: problems.length === 0, figure: results.join('; '), problems };
  },
};

/** Values of many shapes, none of which stands anywhere by chance. */
function shapes(salt) {
  let count = 0;
  const unique = () => createHash('sha256').update(`${salt} ${process.pid} ${Date.now()} ${count++}`).digest('hex').slice(0, 20);
  return [
    `sk_fake_${unique()}`,
    unique(),
    `p@ss "${unique()}'\\/&<>$\`!+=%41 ;`,
    `-----BEGIN FAKE KEY-----\n${unique()}${unique()}\n${unique()}${unique()}\n-----END FAKE KEY-----`,
    `schlüssel-漢字-🙂-${unique()}`,
    `postgres://app:${unique()}@db.example.com:5432/app?sslmode=require`,
    JSON.stringify({ type: 'service_account', key: unique(), nested: { line: 'a\nb' } }),
    Buffer.from(unique()).toString('base64'),
    unique().repeat(200),
    `--${unique()} -e`,
    `\${HOME}$(${unique()})`,
    `{{secret:${unique()}}}`,
  ];
}

class Search {
  places = 0;
  bytes = 0;
  allowed = 0;
  released = new Set();
  /** The first detail of each place where a canary stood. */
  findings = new Map();

  constructor(values) {
    this.values = values;
    this.redactor = createRedactor(values.map((value, index) => ({ name: pathOf(index), value })));
  }

  /** @param mayHold whether the canary of this path may stand here */
  look(where, text, mayHold = () => false) {
    this.places++;
    this.bytes += text.length;
    for (const path of this.redactor.find(text)) {
      if (mayHold(path)) {
        this.allowed++;
        this.released.add(path);
      } else if (!this.findings.has(where)) this.findings.set(where, `the value of ${path} in ${text.length} characters`);
    }
  }
}

async function useEverything(stage, home, search, { seed, sizes, database }) {
  const { operations } = JSON.parse(readFileSync(join(checkout, 'packages/supervisor/dist/operations.json'), 'utf8'));
  const owner = await home.session({ role: 'owner', toolsets: ['default', 'admin', 'cloud'] });
  const agent = await home.session({ role: 'agent', toolsets: ['default', 'admin', 'cloud'] });
  const call = (operation, input) => owner.request('call', { operation, input });
  const scopes = ['read', 'use', 'write', 'destroy'];
  const { token } = await call('create_token', { name: 'canary', scopes });
  // Again and again: what was called before may have replaced, moved, loosened or destroyed them.
  const plant = async () => {
    await call('store_secret_bulk', { secrets: search.values.map((value, index) => ({ path: pathOf(index), value })) });
    await Promise.all(search.values.map((_, index) => call('expose_secret', { path: pathOf(index), exposure: exposureOf(index) })));
  };
  const pipe = new RawPipe(home, { args: ['--toolsets', 'all'] });
  await pipe.initialize();

  for (const [number, operation] of operations.entries()) {
    const { name, toolset, route, access } = operation;
    stage.progress(`${database}: ${name}`);
    const sample = (count, salt) =>
      [...fc.sample(inputs(operation), { numRuns: count, seed: seed * 1000 + number * 10 + salt }), ...pointed(name)].map((input) =>
        // What is for use only stays so: whatever shows it then is a leak.
        name === 'expose_secret' && input?.exposure === 'reveal' ? { ...input, exposure: 'use' } : input,
      );
    const mayHold = (path) => name === 'retrieve_secret' && exposureOf(Number(path.split('-').at(-1))) === 'reveal';
    await plant();
    const ask = async (surface, list, send) => {
      if (!['read', 'use'].includes(access)) await plant();
      for (const [index, input] of list.entries()) {
        const text = await send(input, index).catch((error) => JSON.stringify([error.message, error.code, error.details, error.stack]));
        search.look(`${name} ${surface}`, text, surface === 'by the owner' && name === 'use_secrets' ? () => true : mayHold);
      }
    };
    for (const [surface, rpc] of Object.entries({ 'by the owner': owner, 'by an agent': agent }))
      await ask(surface, sample(sizes.throughMcp, 0), async (input) =>
        JSON.stringify(await rpc.request('call', { operation: name, input })),
      );
    if (toolset) {
      const params = (input) => ({ name, arguments: input });
      await ask('through a pipe', sample(sizes.throughPipe, 1), async (input) =>
        JSON.stringify(await pipe.request('tools/call', params(input), slow)),
      );
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      await ask('over MCP by HTTP', sample(sizes.throughHttp, 2), async (input) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: params(input) });
        return (await send(home.url, token, { method: 'POST', path: '/mcp?toolsets=all', headers, body })).text;
      });
    }
    if (route)
      await ask('over REST', sample(sizes.throughRest, 3), async (input, index) => {
        return (await send(home.url, token, restRequest(operation, input, index))).text;
      });
    if (database === 'embedded')
      await ask('as a command', sample(sizes.throughCommand, 4), async (input) => {
        const ran = await runCommand(stage, home, operation, input);
        // While it ran, its arguments stood in the list of processes.
        search.look('arguments of processes', ran.argv);
        return ran.output;
      });
  }
  await plant();
  for (const exposure of ['reveal', 'use'])
    for (const { command, output } of await commandLines(stage, home, pathOf(exposure === 'reveal' ? 0 : 1)))
      search.look(`supervisor ${command} of ${exposure}`, output);
  search.look('arguments of processes', argvOfAll());
  search.look('/metrics', await metrics(home));
  await call('create_backup', {});
  const leftover = await pipe.closeInput();
  search.look('what the pipe printed', `${leftover} ${pipe.stray.join('\n')}`);
}

/** What chance does not hit: each secret asked for where values are given out or sent. */
function pointed(name) {
  const paths = Array.from({ length: 12 }, (_, index) => pathOf(index));
  if (name === 'retrieve_secret') return paths.map((path) => ({ path }));
  if (name === 'use_secrets') return [{ paths }, { paths: [...paths, 'fuzz-a/no/key'] }];
  if (name === 'allow_secret_hosts') return paths.map((path) => ({ path, hosts: ['api.example.invalid'] }));
  if (name === 'http_request')
    return paths.flatMap((path) => [
      { url: `https://api.example.invalid/?k={{secret:${path}}}`, headers: { authorization: `{{secret:${path}}}` } },
      { url: 'https://other.example.invalid/', method: 'POST', body: `{{secret:${path}}}` },
      { url: `https://{{secret:${path}}}.example.invalid/`, headers: { 'x-key': `{{secret:${path}}}\n` } },
    ]);
  return [];
}

async function lookEverywhere(home, search, url) {
  const environment = environmentOf(home.servicePid());
  search.look('the environment of the service', environment);
  if (environment === '') search.findings.set('the environment of the service', 'could not be read');
  // While it runs there is a service.json, afterwards the end of its log.
  const files = filesOf(home.paths);
  await home.stop();
  files.push(...filesOf(home.paths));
  const { stdout, stderr } = await home.service;
  search.look('what the service printed', `${stdout}\n${stderr}`);
  for (const { file, text } of files) search.look(`the file ${file}`, text);
  for (const needed of ['service.log', 'service.json', 'instance.json', '.jsonl.gz'])
    if (!files.some(({ file }) => file.endsWith(needed))) search.findings.set(needed, 'was not there to be searched');
  const tables = await databaseText(url ?? home.paths.data);
  for (const { table, text } of tables) search.look(`the table ${table}`, text);
  for (const needed of ['supervisor.audit_events', 'supervisor.secret_versions'])
    if (!tables.some(({ table, text }) => table === needed && text !== '')) search.findings.set(needed, 'was empty');
}

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callTool, checkout, query } from '../harness.mjs';

const keys = { right: 'ba5e'.repeat(15) + '0003', wrong: 'dead'.repeat(15) + '0004', short: 'abc123', missing: undefined };
const bad = ['wrong', 'short', 'missing'];

/** A second opener of an embedded home, and starts with a key that is not the one of the data. */
export const secondOpener = {
  name: 'second-opener',
  goal: 'each refused with the pid and the ways out, or with the fingerprint that is needed; nothing written',
  sizes: { openers: 3, keys: 3, homes: 4 },
  async run(stage, { sizes }) {
    const problems = [];
    const home = await stage.home();
    await home.start();
    const { keyId } = await fill(home);
    problems.push(...(await openTwice(home)));
    await home.stop();
    const key = readFileSync(home.paths.encryptionKey, 'utf8');
    const asFile = (text) =>
      text === undefined
        ? rmSync(home.paths.encryptionKey, { force: true })
        : writeFileSync(home.paths.encryptionKey, text, { mode: 0o600 });
    const instance = readFileSync(home.paths.instance);
    for (const what of ['embedded', 'embedded without instance.json']) {
      for (const name of bad) {
        stage.progress(`${what}, ${name} key`);
        asFile(keys[name]);
        // Without instance.json only the database knows its key, and to open it changes its files: what is in it is compared below.
        const state = () => digest(home.paths.directory, what === 'embedded' ? '' : 'data');
        problems.push(...(await refusesKey(home, {}, keyId, `${what}, ${name} key`, state)));
      }
      rmSync(home.paths.instance, { force: true });
    }
    asFile(key);
    writeFileSync(home.paths.instance, instance);
    await home.start();
    const { secrets, ports, keyId: after } = await statusOf(home);
    if (secrets !== 1 || ports !== 2 || after !== keyId)
      problems.push(`embedded: ${secrets} secrets and ${ports} ports after the refusals`);

    const [url] = await stage.postgres('keyed');
    const on = await stage.home({ settings: { DATABASE_URL: url } });
    await on.start({ ENCRYPTION_KEY: keys.right });
    const { keyId: needed } = await fill(on);
    await on.stop();
    // A replica is a home that has no instance.json yet: there only the database knows which key it is.
    const replica = await stage.home({ settings: { DATABASE_URL: url } });
    mkdirSync(replica.paths.directory);
    for (const [what, home] of Object.entries({ 'its own home': on, 'a new home': replica })) {
      for (const name of bad) {
        stage.progress(`PostgreSQL, ${what}, ${name} key`);
        const env = keys[name] === undefined ? {} : { ENCRYPTION_KEY: keys[name] };
        const state = async () => `${digest(home.paths.directory)} ${await digestTables(url)}`;
        problems.push(...(await refusesKey(home, env, needed, `PostgreSQL, ${what}, ${name} key`, state)));
      }
    }
    await on.start({ ENCRYPTION_KEY: keys.right });
    const figure = `${sizes.openers} openers and ${sizes.keys * sizes.homes} starts with another key, ${problems.length} deviations`;
    return { holds: problems.length === 0, figure, problems };
  },
};

async function fill(home) {
  const client = await home.client();
  await callTool(client, 'store_secret', { path: 'shop/fake/key', value: 'fake value' });
  await callTool(client, 'allocate_port', { project: 'shop', service: 'web' });
  await client.close();
  return statusOf(home);
}

async function statusOf(home) {
  const session = await home.session();
  return session.request('call', { operation: 'get_status', input: {} });
}

async function openTwice(home) {
  const problems = [];
  const pid = home.servicePid();
  const library = (name, call) => {
    const file = join(home.work, `${name}.mjs`);
    const from = JSON.stringify(new URL(`packages/${name}/dist/index.js`, `file://${checkout}`).href);
    writeFileSync(
      file,
      `import * as it from ${from};\nawait ${call}.catch((error) => { console.error(error.message); process.exit(1); });\n`,
    );
    return file;
  };
  const directory = JSON.stringify(home.paths.data);
  const openers = {
    'openDatabase()': library('db', `it.openDatabase(${directory})`),
    'new PortManager()': library('ports', `new it.PortManager().allocatePort('shop', 'web')`),
  };
  for (const [name, file] of Object.entries(openers)) {
    const { code, stderr } = await home.run([file]);
    if (code !== 1) problems.push(`${name} ended with ${code} beside a service: ${stderr}`);
    for (const word of [`process ${pid}`, 'connect()', 'supervisor stop', 'DATABASE_URL'])
      if (!stderr.includes(word)) problems.push(`${name} was refused without naming ${word}: ${stderr}`);
  }
  const { code, stdout } = await home.run([home.programs.api]);
  if (code !== 0 || !stdout.includes(`pid ${pid}`) || !stdout.includes('supervisor stop'))
    problems.push(`a second service ended with ${code}: ${stdout}`);
  if (home.servicePid() !== pid) problems.push('the first service did not survive the openers');
  return problems;
}

async function refusesKey(home, env, fingerprint, what, state) {
  const before = await state();
  const end = new AbortController();
  const { code, stdout, stderr } = await Promise.race([home.run([home.programs.api], env), started(home, end.signal)]);
  end.abort();
  const problems = [];
  if (code !== 1) problems.push(`${what}: ended with ${code} ${stdout.slice(0, 200)}`);
  if (!stderr.includes(fingerprint)) problems.push(`${what}: refused without the fingerprint ${fingerprint}: ${stderr.trim()}`);
  if ((await state()) !== before) problems.push(`${what}: something was written`);
  await home.stop();
  return problems;
}

// A service that starts although it must not would run for ever.
async function started(home, signal) {
  while (home.servicePid() === undefined && !signal.aborted) await sleep(50);
  return { code: 'no refusal', stdout: '', stderr: '' };
}

// Locks, logs and the note of a failed start may come; everything else must stay as it is.
function digest(directory, except = '') {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory, { recursive: true }).toSorted()) {
    const path = join(directory, name);
    if (['logs', except].includes(name.split('/')[0]) || /^(failure\.json|.*\.lock)$/.test(basename(name))) continue;
    hash.update(`${name}\0`).update(statSync(path).isFile() ? readFileSync(path) : '');
  }
  return hash.digest('hex');
}

async function digestTables(url) {
  const names = await query(url, "select tablename from pg_tables where schemaname = 'supervisor' order by 1");
  const rows = await Promise.all(
    names.map(({ tablename }) => query(url, `select md5(string_agg(t::text, '|' order by t::text)) from supervisor."${tablename}" t`)),
  );
  return createHash('sha256')
    .update(JSON.stringify([names, rows]))
    .digest('hex');
}

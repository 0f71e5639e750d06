import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { AuditTrail } from '@supervisor/auth';
import { bind, owner } from '@supervisor/core';
import { openDatabase } from '@supervisor/db';
import { parseKey, SecretsManager, secretsModule } from '@supervisor/secrets';
import pg from 'pg';
import { deriveKeys, fingerprint, rowMac } from '../../packages/auth/dist/audit-row.js';
import { open, seal } from '../../packages/secrets/dist/envelope.js';
import { startPostgres } from '../postgres.mjs';
import { atEnd } from './cleanup.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { postgresUrl } from './services.mjs';
import { figure } from './table.mjs';

const path = 'shop/acme/api_key';
const value = 'a value of usual length, 40 characters .';
// As many as ask at once: nobody's answer is another's.
const paths = Array.from({ length: 32 }, (_, number) => `${path}_${number}`);
const rounds = 15;
const roundMilliseconds = 300;
const connections = 10;
const encryptionKey = 'beef'.repeat(15) + '0002';

/** Opening an envelope against one bare decryption, and a release against the least SQL that could be one; beside it, the least that is safe. */
export async function measureSecrets() {
  const url = await postgresUrl();
  // As PostgreSQL writes unless it is told otherwise; the benches' own server does not wait for the disk.
  const durable = await startPostgres({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
  if (durable) atEnd(() => durable.stop());
  return [
    await opening(64, 4),
    await opening(64 * 1024, 1.5),
    ...(url ? await releases(url, '', { atLeast: 0.8 }) : []),
    ...(durable ? await releases(durable.url, ', on the disk', {}) : []),
  ];
}

async function opening(size, atMost) {
  const key = parseKey('beef'.repeat(15) + '0001');
  const binding = { secretId: randomUUID(), path, version: 1, exposure: 'reveal' };
  const plain = randomBytes(size);
  const envelope = seal(key, plain, binding);
  const [raw, iv] = [randomBytes(32), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', raw, iv, { authTagLength: 16 });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const tag = cipher.getAuthTag();
  const decrypt = () => {
    const decipher = createDecipheriv('aes-256-gcm', raw, iv, { authTagLength: 16 }).setAuthTag(tag);
    const opened = decipher.update(sealed);
    decipher.final();
    return opened;
  };
  const times = size < 1024 ? 3000 : 300;
  const timed = (work) => async () => {
    const started = performance.now();
    for (let count = 0; count < times; count++) work();
    return ((performance.now() - started) * 1000) / times;
  };
  const { ours, bare } = await interleave(rounds, { ours: timed(() => open([key], envelope, binding)), bare: timed(decrypt) });
  const name = size < 1024 ? `${size} B` : `${size / 1024} KiB`;
  return figure(`open / raw AES-256-GCM decrypt, ${name}`, medianRatio(ours, bare), { atMost, detail: medians(ours, bare, 'µs', 1) });
}

async function releases(url, where, goal) {
  const db = await openDatabase(url);
  atEnd(() => db.close());
  const secrets = new SecretsManager(encryptionKey, { db });
  const audit = new AuditTrail({ db, key: () => secrets.internalKey('audit') });
  for (const path of paths) await secrets.store(path, value);
  const { call } = bind([secretsModule], { secrets }, { audit, logError: (_id, _operation, error) => console.error(error) });
  const context = { principal: owner, signal: new AbortController().signal, progress: () => {} };
  const pool = new pg.Pool({ connectionString: url, max: connections });
  // At the end the server may go first.
  pool.on('error', () => {});
  atEnd(() => pool.end());
  await audit.flush();
  const mac = randomBytes(32);
  const direct = (path) => ({
    name: 'bench_release',
    text: `with row as (insert into supervisor.audit_events (principal_id, principal_kind, operation, project, subject, mac)
             values ('owner', 'owner', 'retrieve_secret', 'shop', $1, $2))
           select s.id, s.version, s.exposure, v.envelope from supervisor.secrets s
           join supervisor.secret_versions v on v.secret_id = s.id and v.version = s.version where s.path = $1`,
    values: [path, mac],
  });
  const least = await leastRelease(pool);
  const figures = [];
  for (const clients of [1, 8, 32]) {
    const { ours, bare, safe } = await interleave(rounds, {
      ours: () => perSecond(clients, (client) => call('retrieve_secret', { path: paths[client] }, context)),
      bare: () => perSecond(clients, (client) => pool.query(direct(paths[client]))),
      safe: () => perSecond(clients, (client) => least(paths[client])),
    });
    await audit.flush();
    const compared = (name, taken, goal) =>
      figure(`${name} / SELECT with audit INSERT, ${clients} at once${where}`, medianRatio(taken, bare), {
        ...goal,
        detail: medians(taken, bare, '/s'),
      });
    figures.push(compared('releases', ours, goal), compared('the least with an opened value and a MAC', safe, {}));
  }
  return figures;
}

/**
 * A release without packages around it, to tell what any design can reach: the envelope is in memory, and one statement
 * adds the row, with its MAC, if nothing has changed. It opens while the statement is on its way.
 */
async function leastRelease(pool) {
  const keys = deriveKeys(randomBytes(32));
  const key = parseKey(encryptionKey);
  const { rows } = await pool.query(
    `select s.path, s.id, s.version, s.exposure, v.envelope, s.xmin::text as seen, v.xmin::text as sealed from supervisor.secrets s
     join supervisor.secret_versions v on v.secret_id = s.id and v.version = s.version where s.exposure <> 'internal'`,
  );
  const opened = ({ id, path, version, exposure, envelope }) => open([key], envelope, { secretId: id, path, version, exposure }).toString();
  const known = new Map(rows.map((row) => [row.path, { ...row, mark: fingerprint(keys, opened(row)) }]));
  return async (path) => {
    const { version, mark, seen, sealed } = known.get(path);
    const row = {
      at: new Date().toISOString(),
      call: randomUUID(),
      principalId: 'owner',
      principalKind: 'owner',
      operation: 'retrieve_secret',
      project: 'shop',
      subject: path,
      version,
      fingerprint: mark,
      outcome: 'ok',
      endedAt: null,
    };
    const { endedAt, ...columns } = row;
    const added = pool.query({
      name: 'bench_least_release',
      text: `insert into supervisor.audit_events
               (at, call, principal_id, principal_kind, operation, project, subject, version, fingerprint, outcome, mac)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 from supervisor.secrets s
             join supervisor.secret_versions v on v.secret_id = s.id and v.version = s.version
             where s.path = $7 and s.xmin::text = $12 and v.xmin::text = $13`,
      values: [...Object.values(columns), rowMac(keys, row), seen, sealed],
    });
    const [value] = await Promise.all([setImmediate().then(() => opened(known.get(path))), added]);
    if ((await added).rowCount !== 1) throw new Error(`${path} has changed`);
    return value;
  };
}

async function perSecond(clients, work) {
  const started = performance.now();
  let count = 0;
  const loop = async (client) => {
    for (; performance.now() - started < roundMilliseconds; count++) await work(client);
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => loop(client)));
  return (1000 * count) / (performance.now() - started);
}

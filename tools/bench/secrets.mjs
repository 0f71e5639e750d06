import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { AuditTrail } from '@supervisor/auth';
import { bind, owner } from '@supervisor/core';
import { openDatabase } from '@supervisor/db';
import { parseKey, SecretsManager, secretsModule } from '@supervisor/secrets';
import pg from 'pg';
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

/** Opening an envelope against one bare decryption, and a release against the least SQL that could be one. */
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
  const secrets = new SecretsManager('beef'.repeat(15) + '0002', { db });
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
  const figures = [];
  for (const clients of [1, 8, 32]) {
    const { ours, bare } = await interleave(rounds, {
      ours: () => perSecond(clients, (client) => call('retrieve_secret', { path: paths[client] }, context)),
      bare: () => perSecond(clients, (client) => pool.query(direct(paths[client]))),
    });
    await audit.flush();
    const detail = medians(ours, bare, '/s');
    figures.push(figure(`releases / SELECT with audit INSERT, ${clients} at once${where}`, medianRatio(ours, bare), { ...goal, detail }));
  }
  return figures;
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

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase } from '@supervisor/db';
import { PortManager } from '@supervisor/ports';
import { SecretsManager } from '@supervisor/secrets';
import { secrets, secretVersions } from '@supervisor/secrets/schema';
import { and, eq, sql } from 'drizzle-orm';
import { atEnd } from './cleanup.mjs';
import { temporaryFolder } from './home.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { inHome, pipeEntry } from './pipe.mjs';
import { embeddedService, postgresService, postgresUrl } from './services.mjs';
import { startServer } from './stdio.mjs';
import { figure } from './table.mjs';

const rounds = 200;
const project = 'shop';
const path = `${project}/acme/api_key`;

/** A call over stdio through the pipe, against the same SQL straight on a database of the same kind. */
export async function measureCalls() {
  // An embedded directory has one opener: the SQL runs on a directory of its own.
  const figures = await compare('embedded', await embeddedService(), join(temporaryFolder(), 'data'));
  const onPostgres = await postgresService();
  return onPostgres ? [...figures, ...(await compare('PostgreSQL', onPostgres, await postgresUrl()))] : figures;
}

async function compare(kind, { home }, target) {
  const pipe = startServer([pipeEntry], { cwd: home.directory, env: inHome(home) });
  await pipe.initialize();
  await pipe.callTool('store_secret', { path, value: 'a value of usual length, 40 characters .' });
  const orm = await openDirect(target);
  const figures = [];
  for (const [name, measurements] of Object.entries({ allocate_port: allocations(pipe, orm), retrieve_secret: retrievals(pipe, orm) })) {
    const { call, direct } = await interleave(rounds, measurements);
    figures.push(figure(`${name} over stdio / its SQL, ${kind}`, medianRatio(call, direct), { detail: medians(call, direct, 'ms', 2) }));
  }
  return figures;
}

// The managers make the tables, the range and the secret, where they are not there yet.
async function openDirect(target) {
  const db = await openDatabase(target);
  atEnd(() => db.close());
  const { orm } = db;
  await new PortManager({ db }).createPortRange(project);
  const [known] = await secretOf(orm, path).catch(() => []);
  if (!known) await new SecretsManager(randomBytes(32).toString('hex'), { db }).store(path, 'a value of usual length, 40 characters .');
  return orm;
}

// What was allocated is released outside the clock: every round makes a new row.
function allocations(pipe, orm) {
  const timed = (service, allocate, release) => async () => {
    const milliseconds = await time(() => allocate(service));
    await release(service);
    return milliseconds;
  };
  return {
    call: timed(
      'over-stdio',
      (service) => pipe.callTool('allocate_port', { project, service }),
      (service) => pipe.callTool('release_port', { project, service }),
    ),
    direct: timed(
      'direct',
      (service) =>
        orm.execute(
          sql`select * from supervisor.claim_port(${project}, '', ${service}, null, null, false, null::integer, null::timestamptz)`,
        ),
      (service) => orm.execute(sql`delete from supervisor.port_allocations where project = ${project} and service = ${service}`),
    ),
  };
}

function retrievals(pipe, orm) {
  return { call: () => time(() => pipe.callTool('retrieve_secret', { path })), direct: () => time(() => secretOf(orm, path)) };
}

function secretOf(orm, path) {
  return orm
    .select({ id: secrets.id, version: secrets.version, exposure: secrets.exposure, envelope: secretVersions.envelope })
    .from(secrets)
    .innerJoin(secretVersions, and(eq(secretVersions.secretId, secrets.id), eq(secretVersions.version, secrets.version)))
    .where(eq(secrets.path, path));
}

async function time(action) {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

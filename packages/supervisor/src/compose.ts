import { randomUUID } from 'node:crypto';
import { AuditTrail, TokenRegistry } from '@supervisor/auth';
import { findProject } from '@supervisor/client';
import { CloudflareManager } from '@supervisor/cloudflare';
import {
  bind,
  SupervisorError,
  type Answerer,
  type Context,
  type Home,
  type OperationDescription,
  type Principal,
  type ToolSelection,
} from '@supervisor/core';
import {
  createInstance,
  databaseFailure,
  loggable,
  migrate,
  openDatabase,
  rows,
  writeInstance,
  type Database,
  type Instance,
} from '@supervisor/db';
import { GCloudManager } from '@supervisor/gcloud';
import { KnowledgeBase } from '@supervisor/knowledge';
import { PortManager, type Place } from '@supervisor/ports';
import type { ListeningProcess } from '@supervisor/ports/listeners';
import { HttpRequester, SecretQuestions, requiredKeys, SecretsManager, wrongKey } from '@supervisor/secrets';
import { TaskTimer } from '@supervisor/timing';
import { sql } from 'drizzle-orm';
import type { Address } from './address.js';
import { Backups } from './backups/backups.js';
import { describeDamage } from './backups/damage.js';
import { QuietBackups } from './backups/quiet.js';
import { version } from './catalogue.js';
import { decide, type Decision, type Settings } from './decide.js';
import { parseNeededKey, retiredKeys } from './decide-key.js';
import { exposedPort, ownPorts } from './exposed-port.js';
import { googleDefaults } from './google-defaults.js';
import { HomeKeys } from './home-keys.js';
import { ensureToken } from './home-token.js';
import { generateKey } from './key-files.js';
import { lessonsOf } from './lessons.js';
import type { Managers } from './managers.js';
import { modules } from './modules.js';
import { holdPort } from './own-port.js';
import { instances } from './schema.js';
import type { Vitals } from './status.js';
import { TakingUp } from './taking-up.js';
import { template } from './template.js';
import { withoutKeys } from './without-keys.js';

/** Everything a process of Supervisor runs on. */
export interface Supervisor extends Answerer<Context> {
  home: Home;
  instance: Instance;
  version: string;
  keyId: string;
  /** How the database was found at the start. */
  database: { kind: Database['kind']; location: string; migrated: string[] };
  address: Address;
  /** What persons are asked for: the service shows the pages. */
  questions: SecretQuestions;
  /** Who a token stands for. Rejects with `unauthenticated`. */
  verifyToken(token: string): Promise<Principal>;
  /** Milliseconds the database takes to answer. Rejects when it does not. */
  ping(): Promise<number>;
  /** Holds the service's own port in the ledger. @returns who else has it, or undefined */
  holdPort(port: number): Promise<string | undefined>;
  /** Fills in the toolsets that a caller has not chosen: `cloud` is among them once an account is set. */
  select(selection: ToolSelection): Promise<ToolSelection>;
  /** What is to be done once a minute, by every service: what is over is ended, what was broken off or begun is taken up. */
  sweep(): Promise<void>;
  /** An agent's process is gone: what it left running is abandoned. */
  endSession(session: string): Promise<void>;
  /** Agents may have ended while no service ran: what they left is abandoned, but not that of the sessions that have come back. */
  endLostSessions(back: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const housekeepingMilliseconds = 10_000;

export type LogError = (id: string, operation: string, error: unknown) => void;

/**
 * Opens a home: decides or obeys its settings, checks the key, migrates, and binds every operation.
 * Nothing is written before the key is known to be right.
 */
export async function openSupervisor(settings: Settings, logError: LogError): Promise<Supervisor> {
  const decision = decide(settings);
  const { home } = settings;
  const database = await openDatabase(decision.database, template).catch(async (error: unknown) => {
    throw (await describeDamage(home, error)) ?? error;
  });
  try {
    const secrets = await openSecrets(home, decision, database);
    return await compose(home, decision, database, secrets, logError);
  } catch (error) {
    await database.close().catch(() => {});
    throw (database.kind === 'embedded' && (await describeDamage(home, error))) || (databaseFailure(error) ?? error);
  }
}

interface KeyedSecrets {
  manager: SecretsManager;
  /** The home's id, also before its instance.json is written. */
  id: string;
  from: NonNullable<Decision['key']>['from'];
}

async function openSecrets(home: Home, decision: Decision, database: Database): Promise<KeyedSecrets> {
  const needed = await requiredKeys(database);
  if (!decision.key && needed.length > 0) throw wrongKey(needed);
  if (!decision.key && database.kind === 'postgres') throw missingKey();
  if (decision.key) parseNeededKey(decision.key.text, needed);
  const key = decision.key ?? generateKey(home);
  const id = decision.instance?.id ?? randomUUID();
  const readKeys = [...decision.readKeys, ...retiredKeys(home, needed)];
  const manager = new SecretsManager(key.text, { db: database, readKeys, holder: id });
  if (!needed.every((one) => manager.keys.has(one))) throw wrongKey(needed, manager.keyId);
  return { manager, id, from: key.from };
}

function translated(error: unknown): never {
  throw databaseFailure(error) ?? error;
}

function missingKey(): SupervisorError {
  const message =
    'With PostgreSQL the key is yours to keep: set ENCRYPTION_KEY (make one with `openssl rand -hex 32`), in the environment or in .env.';
  return new SupervisorError('wrong_key', message);
}

async function compose(
  home: Home,
  decision: Decision,
  database: Database,
  { manager: secrets, id, from }: KeyedSecrets,
  logError: LogError,
): Promise<Supervisor> {
  const log: LogError = (id, operation, error) => logError(id, operation, loggable(error));
  const backups = new Backups({ home, database, version, logError: log });
  if (database.kind === 'embedded') await backups.beforeMigration(modules);
  const migrated = await migrate(database, modules);
  await secrets.claim();
  const instance = record(home, decision, id, { id: secrets.keyId, from });
  await database.orm
    .insert(instances)
    .values({ id: instance.id })
    .onConflictDoUpdate({ target: instances.id, set: { startedAt: sql`now()` } });
  const options = { db: database };
  const ports = new PortManager({
    ...options,
    projectOf,
    exposedAs: async (project, port) => (await managers.cloudflare.listExposures({ project })).find((one) => one.port === port)?.hostname,
  });
  const redact = withoutKeys(secrets);
  const valueOf = async (path: string) => (await secrets.use([path]))[0]!.value;
  const managers: Managers = {
    secrets,
    requests: new HttpRequester({ use: (paths) => secrets.use(paths) }),
    questions: new SecretQuestions(),
    ports,
    tasks: new TaskTimer(options),
    knowledge: new KnowledgeBase({ ...options, redact, secret: valueOf }),
    cloudflare: new CloudflareManager({
      ...options,
      token: valueOf,
      portOf: exposedPort(ports, ownPorts(decision)),
    }),
    gcloud: new GCloudManager({ ...options, secret: valueOf, defaults: googleDefaults() }),
    tokens: new TokenRegistry({ ...options, pepper: () => secrets.internalKey('token-pepper') }),
  };
  const trail = new AuditTrail({
    ...options,
    key: () => secrets.internalKey('audit'),
    onError: (error) => log(randomUUID(), 'audit', error),
  });
  const keys = new HomeKeys(home, secrets, from);
  keys.resume((error) => log(randomUUID(), 'rotate_keys', error));
  await ensureToken(home, managers.tokens);
  // Who has the embedded directory is alone: the leases of a service that died count for nothing.
  const alone = database.kind === 'embedded';
  const takingUp = new TakingUp(
    [() => managers.knowledge.reindex(), () => managers.cloudflare.resume(), () => managers.gcloud.sweep()],
    (error) => log(randomUUID(), 'resume', error),
  );
  takingUp.start([() => managers.cloudflare.resume({ alone }), () => managers.gcloud.resume({ alone })]);
  const housekeeping = keepHouse(secrets, trail, log);
  const ping = () => measurePing(database);
  const vitals: Vitals = {
    version,
    instance: instance.id,
    keyId: () => secrets.keyId,
    startedAt: Date.now(),
    database: async () => ({
      kind: database.kind,
      location: database.location,
      latencyMs: await ping(),
      migrations: await countMigrations(database),
    }),
    backups: async () => ({ newest: (await backups.newest())?.createdAt ?? null, problem: backups.problem }),
  };
  const lessons = lessonsOf(managers.knowledge, (error) => log(randomUUID(), 'lessons', error));
  const bound = bind(
    modules,
    { ...managers, lessons, backups, vitals, trail, keys },
    { audit: trail, translate: databaseFailure, clean: async (text) => (await redact(text)).text, logError: log },
  );
  const quiet = new QuietBackups({ database, backups, operations: changing(bound.operations), logError: log });
  // A server has backups of its own, and other homes that write to it.
  if (database.kind === 'embedded') quiet.start();
  return {
    ...bound,
    questions: managers.questions,
    home,
    instance,
    version,
    keyId: secrets.keyId,
    database: { kind: database.kind, location: database.location, migrated },
    address: decision.address,
    verifyToken: (token) => managers.tokens.verify(token).catch(translated),
    ping,
    holdPort: (port) => holdPort(managers.ports, port, database.kind === 'embedded' ? '' : instance.id.slice(0, 8)),
    select: async ({ toolsets, ...selection }) => ({
      ...selection,
      toolsets: toolsets ?? ['default', ...((await hasCloud(managers).catch(translated)) ? (['cloud'] as const) : [])],
    }),
    async sweep() {
      takingUp.start();
      managers.knowledge.wake();
      await Promise.all([managers.ports.sweep(), managers.tasks.abandonExpired()]);
    },
    endSession: async (session) => void (await managers.tasks.abandonSession(session)),
    // On a server the sessions of another service look the same.
    endLostSessions: async (back) => void (alone && (await managers.tasks.abandonLost(new Date(vitals.startedAt), back))),
    async close() {
      await Promise.all([quiet.stop(), takingUp.stop()]);
      clearInterval(housekeeping);
      await managers.knowledge.close();
      await keys.close();
      await trail.flush();
      await secrets.keys.leave().catch(() => {});
      await database.close();
    },
  };
}

// The service itself listens for `meta`, whatever folder it was started in.
function projectOf({ pid, cwd }: ListeningProcess): Place {
  if (pid === process.pid) return { project: 'meta' };
  return cwd === null ? {} : findProject(cwd);
}

/** Whether there is any account that the tools of the toolset `cloud` could work on. */
async function hasCloud({ cloudflare, gcloud }: Managers): Promise<boolean> {
  return (await cloudflare.isConfigured()) || (await gcloud.isConfigured());
}

// Says that this service runs and with which keys, and chains what the trail got.
function keepHouse(secrets: SecretsManager, trail: AuditTrail, log: LogError): NodeJS.Timeout {
  return setInterval(() => {
    Promise.all([secrets.keys.announce(), trail.seal()]).catch((error) => log(randomUUID(), 'housekeeping', error));
  }, housekeepingMilliseconds).unref();
}

// What leaves something behind that a backup would hold. Making one does not.
function changing(operations: readonly OperationDescription[]): string[] {
  return operations.flatMap(({ name, access }) => (['read', 'use'].includes(access) || name === 'create_backup' ? [] : [name]));
}

function record(home: Home, decision: Decision, id: string, key: NonNullable<Instance['key']>): Instance {
  const { recordDatabase, address, program } = decision;
  const decided = { database: recordDatabase, key, ...address, ...(program ? { program } : {}) };
  const instance = decision.instance ?? createInstance(home, { id, ...decided });
  const recorded: Instance = { ...instance, ...decided };
  if (JSON.stringify(recorded) !== JSON.stringify(instance)) writeInstance(home, recorded);
  return recorded;
}

async function measurePing(database: Database): Promise<number> {
  const before = performance.now();
  await database.orm.execute(sql`select 1`);
  return Math.round((performance.now() - before) * 100) / 100;
}

async function countMigrations(database: Database): Promise<number> {
  const [row] = await rows<{ count: number }>(database.orm, sql`select count(*)::int as count from supervisor.migrations`);
  return row!.count;
}

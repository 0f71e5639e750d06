import { SupervisorError } from '@supervisor/core';
import { connect, type Database, type Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import { demandAccount, listAccounts, removeAccount, setAccount, setLimits, type Account, type AccountSettings } from './account.js';
import { demandConfirmation, type Confirming } from './confirm.js';
import { Connections, type Connection } from './connections.js';
import type { DefaultCredentials } from './google/application-default.js';
import { realTransport, type Transport } from './google/client.js';
import type { Compute } from './google/compute.js';
import { pruneHealth, readHealth, sampleAccount, sampleDue, type VmHealth } from './health.js';
import { gcloudMigrations } from './migrations.js';
import { estimate } from './rules/estimate.js';
import { demandLabels } from './rules/labels.js';
import type { LimitChanges } from './rules/limits.js';
import { planVm, type VmWish } from './rules/plan.js';
import { observedOf } from './saga/close.js';
import { dueOperations } from './saga/due.js';
import { followOperation, type WaitOptions } from './saga/follow.js';
import { busy, intendChange, intendCreate, openOperation, type Intent } from './saga/intents.js';
import { readOurs } from './saga/ownership.js';
import type { AccountRow, Kind, OperationRow, VmRow } from './saga/rows.js';
import { gcloudVms } from './schema.js';
import { lookAtStopped, syncAccount, type Synced } from './sync.js';
import { verifyAccount, type Verified } from './verify.js';
import { findOperation, findVm, listOperations, listVms, shownOperation, shownVm, type Vm, type VmFilter, type VmOperation } from './vm.js';

export interface GCloudManagerOptions {
  /** The home's own when absent. */
  db?: Database;
  /** The value of a secret: service-account keys are read by it, each time a token is made. */
  secret?: (path: string) => Promise<string>;
  /** Where application-default credentials are; Google's usual places when absent. */
  defaults?: DefaultCredentials;
  /** For tests: another clock and network. */
  transport?: Transport;
  /** How long a process may be silent before another one takes its operations over. 60 when absent. */
  leaseSeconds?: number;
}

export interface CreateOptions extends WaitOptions, VmWish {}

export interface DeleteOptions extends WaitOptions, Confirming {}

export interface HealthOptions {
  account?: string | undefined;
  /** How far back. 1 when absent. */
  hours?: number | undefined;
}

const sweepSeconds = 50;
const sweepOperations = 20;

/** VMs at Google Compute Engine: with limits on what they cost, and operations that end even when this process does not live to see it. */
export class GCloudManager {
  readonly #database: () => Promise<Database>;
  readonly #connections: Connections;
  readonly #transport: Transport;
  readonly #leaseSeconds: number;

  constructor(options: GCloudManagerOptions = {}) {
    this.#database = connect(gcloudMigrations, options.db);
    this.#transport = options.transport ?? realTransport;
    this.#leaseSeconds = options.leaseSeconds ?? 60;
    this.#connections = new Connections(options.secret, options.defaults, this.#transport);
  }

  /** Makes an account, or changes where it leads. For its owner. @throws SupervisorError `invalid_input` for plain http to another machine */
  async setAccount(name: string, settings: AccountSettings): Promise<Account> {
    return setAccount(await this.#orm(), name, settings);
  }

  /** Changes what an account allows. For its owner. */
  async setLimits(name: string, limits: LimitChanges): Promise<Account> {
    return setLimits(await this.#orm(), name, limits);
  }

  /** Forgets an account. @throws SupervisorError `conflict` while it has VMs */
  async removeAccount(name: string): Promise<{ removed: boolean }> {
    return { removed: await removeAccount(await this.#orm(), name) };
  }

  async listAccounts(): Promise<Account[]> {
    return listAccounts(await this.#orm());
  }

  /**
   * Asks Google whether it accepts the credentials, for VMs and for their figures.
   * @throws SupervisorError `forbidden` when it does not
   */
  async verifyCredentials(account?: string): Promise<Verified> {
    const { orm, row, connection } = await this.#reach(account);
    return verifyAccount(orm, row, connection, this.#now());
  }

  /** Google's zones, and which of them the owner allows. */
  async listZones(account?: string) {
    const { row, connection } = await this.#reach(account);
    return (await connection.compute.zones()).map((zone) => ({ ...zone, allowed: row.zones.includes(zone.name) }));
  }

  /** The machine types of a zone, with what they cost an hour where that is known: an estimate. */
  async listMachineTypes(zone: string, account?: string) {
    const { row, connection } = await this.#reach(account);
    return (await connection.compute.machineTypes(zone))
      .filter(({ deprecated }) => deprecated?.state === undefined)
      .map(({ name, guestCpus, memoryMb }) => ({
        name,
        cpus: guestCpus,
        memoryMb,
        costPerHour: estimate({ machineType: name, zone, diskGb: 0, publicIp: false }, row.prices)?.costPerHour ?? null,
      }));
  }

  /** From their rows: nothing is asked of Google. */
  async listVms(filter: VmFilter = {}): Promise<{ vms: Vm[]; nextCursor?: string }> {
    return listVms(await this.#orm(), filter);
  }

  /** @param options.live how it is at Google now, instead of how it was last seen */
  async getVm(project: string, name: string, options: { account?: string | undefined; live?: boolean | undefined } = {}): Promise<Vm> {
    const orm = await this.#orm();
    const row = await findVm(orm, project, name, options.account);
    const operation = await openOperation(orm, row.id);
    if (!options.live || row.endedAt !== null) return shownVm(row, operation);
    const instance = await readOurs(await this.#computeOf(row), row);
    const seen = instance ? observedOf(instance, this.#now().toISOString()) : { status: null, observed: null };
    return shownVm({ ...row, ...seen }, operation);
  }

  /**
   * Makes a VM and waits until Google says that it is there. The same again answers the one there is.
   * @throws SupervisorError `forbidden`, `exhausted` or `budget` past what the owner allows; `already_exists`; `quota`;
   * `operation_timeout` when it takes longer than the caller waits: it goes on
   */
  async createVm(project: string, name: string, options: CreateOptions = {}): Promise<Vm & { created: boolean }> {
    const orm = await this.#orm();
    const account = await demandAccount(orm, options.account);
    const plan = planVm(account, { project, name, ...options });
    const intent = await intendCreate(orm, account.name, plan, options, this.#now().toISOString());
    return { ...(await this.#carryOut(orm, intent, options)), created: intent.vm.id === plan.id };
  }

  /** Starts a stopped VM. Its time to run begins anew. */
  startVm(project: string, name: string, options: WaitOptions = {}): Promise<Vm> {
    return this.#change(project, name, 'start', options);
  }

  /** Shuts a VM down. Its disk stays, and is paid for. */
  stopVm(project: string, name: string, options: WaitOptions = {}): Promise<Vm> {
    return this.#change(project, name, 'stop', options);
  }

  /** Presses the button: what is in memory is lost. @throws SupervisorError `outcome_unknown` when that it was done is not known */
  resetVm(project: string, name: string, options: WaitOptions = {}): Promise<Vm> {
    return this.#change(project, name, 'reset', options);
  }

  /** Another machine type for a stopped VM. @throws SupervisorError as `createVm`; `conflict` while it runs */
  resizeVm(project: string, name: string, machineType: string, options: WaitOptions = {}): Promise<Vm> {
    return this.#change(project, name, 'resize', options, { machineType });
  }

  /** Replaces the caller's labels; Supervisor's and Google's stay. */
  async setLabels(project: string, name: string, labels: Record<string, string>, options: WaitOptions = {}): Promise<Vm> {
    demandLabels(labels);
    return this.#change(project, name, 'label', options, labels);
  }

  /**
   * Deletes a VM in two calls: the first says what would happen and gives a word for it, the second brings that word.
   * @throws SupervisorError `confirmation_required` with `effects` and `confirmation`; `protected` when it has deletion protection and the
   * caller is not its owner; `not_owned`
   */
  async deleteVm(project: string, name: string, options: DeleteOptions = {}): Promise<Vm> {
    const orm = await this.#orm();
    const row = await findVm(orm, project, name, options.account);
    if (row.endedAt !== null) return shownVm(row);
    const open = await openOperation(orm, row.id);
    if (open && open.kind !== 'delete') throw busy(row, open);
    // One under way was confirmed when it began.
    if (!open) await demandConfirmation(orm, await this.#computeOf(row), row, options, this.#transport.now());
    const mayUnprotect = options.mayUnprotect === true;
    const intent = open
      ? { vm: row, operation: open }
      : await intendChange(orm, row, 'delete', this.#now().toISOString(), mayUnprotect ? { unprotect: 'yes' } : undefined);
    return this.#carryOut(orm, intent, options);
  }

  /** Waits for an operation. @throws SupervisorError why it failed, or `operation_timeout` */
  async waitOperation(id: string, options: WaitOptions & { project?: string | undefined } = {}): Promise<VmOperation> {
    const orm = await this.#orm();
    const { operation, vm } = await findOperation(orm, id, options.project);
    return shownOperation(await this.#follow(orm, operation, vm, options));
  }

  async listOperations(filter: Parameters<typeof listOperations>[1] = {}) {
    return listOperations(await this.#orm(), filter);
  }

  /** Compares rows with Google, and says what differs, what is unknown and what is paid for without use. Changes nothing there. */
  async sync(account?: string): Promise<Synced> {
    const { orm, row, connection } = await this.#reach(account);
    return syncAccount(orm, row, connection.compute, this.#now().toISOString());
  }

  /** Reads the newest figures of an account's VMs. */
  async sampleHealth(account?: string): Promise<{ vms: number; samples: number }> {
    const { orm, row, connection } = await this.#reach(account);
    return sampleAccount(orm, row, connection.monitoring, this.#now());
  }

  /** The figures of a VM; what there is none of is absent, with the reason. */
  async getHealth(project: string, name: string, { account, hours = 1 }: HealthOptions = {}): Promise<VmHealth> {
    const orm = await this.#orm();
    const now = this.#now();
    return readHealth(orm, await findVm(orm, project, name, account), new Date(now.getTime() - hours * 3_600_000), now);
  }

  /** Forgets figures that are older than seven days. */
  async pruneHealth(): Promise<{ pruned: number }> {
    return { pruned: await pruneHealth(await this.#orm(), this.#now()) };
  }

  /** Whether there is an account. */
  async isConfigured(): Promise<boolean> {
    return (await listAccounts(await this.#orm())).length > 0;
  }

  /**
   * Ends what processes that died left open.
   * @param options.alone no other process works on this database: leases that are not over are a dead one's
   * @returns how many operations it worked on
   */
  async resume(options: { alone?: boolean } = {}): Promise<number> {
    const orm = await this.#orm();
    const due = await dueOperations(orm, sweepOperations, options.alone === true);
    const ends = await Promise.allSettled(due.map(({ operation, vm }) => this.#follow(orm, operation, vm, { waitSeconds: sweepSeconds })));
    // What fails is written in its row, and tried again; anything else is a fault of ours.
    for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof SupervisorError)) throw end.reason;
    return due.length;
  }

  /** What is to be done once a minute: ends what was left open, looks at what Google stopped, samples, forgets old figures. Any number of processes may. */
  async sweep(): Promise<void> {
    const orm = await this.#orm();
    await this.resume();
    await lookAtStopped(orm, (row) => this.#computeOf(row), this.#now().toISOString());
    await sampleDue(
      orm,
      (account) => this.#connections.of(account).monitoring,
      () => this.#now(),
    );
    await pruneHealth(orm, this.#now());
  }

  async #change(
    project: string,
    name: string,
    kind: Exclude<Kind, 'create'>,
    options: WaitOptions,
    wanted?: Record<string, string>,
  ): Promise<Vm> {
    const orm = await this.#orm();
    const row = await findVm(orm, project, name, options.account);
    if (row.endedAt !== null) throw new SupervisorError('not_found', `VM ${name} is no more: ${row.lastError ?? row.state}.`);
    return this.#carryOut(orm, await intendChange(orm, row, kind, this.#now().toISOString(), wanted), options);
  }

  // Waits for what was decided, and answers how the VM is then.
  async #carryOut(orm: Orm, { vm, operation }: Intent, options: WaitOptions): Promise<Vm> {
    if (operation) await this.#follow(orm, operation, vm, options);
    const [row] = await orm.select().from(gcloudVms).where(eq(gcloudVms.id, vm.id));
    return shownVm(row!, await openOperation(orm, vm.id));
  }

  async #follow(orm: Orm, operation: OperationRow, vm: VmRow, options: WaitOptions): Promise<OperationRow> {
    const means = { compute: await this.#computeOf(vm), transport: this.#transport, leaseSeconds: this.#leaseSeconds };
    return followOperation(orm, operation.id, means, options);
  }

  async #computeOf({ account }: VmRow): Promise<Compute> {
    return (await this.#reach(account)).connection.compute;
  }

  async #reach(account: string | undefined): Promise<{ orm: Orm; row: AccountRow; connection: Connection }> {
    const orm = await this.#orm();
    const row = await demandAccount(orm, account);
    return { orm, row, connection: this.#connections.of(row) };
  }

  async #orm(): Promise<Orm> {
    return (await this.#database()).orm;
  }

  #now(): Date {
    return new Date(this.#transport.now());
  }
}

import { randomInt } from 'node:crypto';
import { fingerprint, type FakeAddress, type FakeDisk, type FakeInstance, type FakeOperation } from './shapes.js';

export interface Clock {
  now(): Date;
}

/** How an operation shall fail once it is done: with HTTP 200 and an error inside. */
export interface OperationFault {
  operationType: string;
  code: string;
  message: string;
  /** What a failed insert leaves at Google. Nothing when absent. */
  leaves?: 'disk' | 'instance';
}

interface Pending {
  operation: FakeOperation;
  startsAt: number;
  endsAt: number;
  finish(): void;
}

/** Seconds that each kind of operation takes. */
const durations: Record<string, number> = { insert: 20, delete: 30, start: 15, stop: 20 };

/** One Google Cloud project: its resources, and the operations that change them as time passes. */
export class FakeWorld {
  readonly instances = new Map<string, FakeInstance>();
  readonly disks = new Map<string, FakeDisk>();
  readonly addresses = new Map<string, FakeAddress>();
  readonly operations = new Map<string, FakeOperation>();
  /** How many instances were ever made: a duplicate would show. */
  inserted = 0;
  /** At most so many instances. */
  quota = 100;
  readonly faults: OperationFault[] = [];
  readonly #pending = new Set<Pending>();
  readonly #requests = new Map<string, FakeOperation>();
  #lastId = 7_000_000_000_000_000_000n;

  constructor(
    readonly project: string,
    readonly clock: Clock,
    readonly origin: () => string,
    /** Seconds to take for every operation, instead of what Google takes. */
    readonly seconds?: number,
  ) {}

  newId(): string {
    this.#lastId += BigInt(randomInt(1, 1_000_000));
    return String(this.#lastId);
  }

  link(path: string): string {
    return `${this.origin()}/compute/v1/projects/${this.project}/${path}`;
  }

  now(): string {
    return this.clock.now().toISOString();
  }

  /** The operation that a request id was used for, if it was. */
  known(requestId: string | null): FakeOperation | undefined {
    return requestId === null ? undefined : this.#requests.get(requestId);
  }

  /** As Google does after a while: the same request id is a new request then. */
  forgetRequests(): void {
    this.#requests.clear();
  }

  /** Begins an operation on something of a zone; `finish` changes the world when its time has come. */
  begin(
    operationType: string,
    zone: string,
    target: { selfLink: string; id: string },
    requestId: string | null,
    finish: () => void,
  ): FakeOperation {
    const id = this.newId();
    const name = `operation-${id}`;
    const operation: FakeOperation = {
      kind: 'compute#operation',
      id,
      name,
      zone: this.link(`zones/${zone}`),
      operationType,
      targetLink: target.selfLink,
      targetId: target.id,
      status: 'PENDING',
      progress: 0,
      user: 'robot@fake-project-123.iam.gserviceaccount.com',
      insertTime: this.now(),
      selfLink: this.link(`zones/${zone}/operations/${name}`),
      ...(requestId === null ? {} : { clientOperationId: requestId }),
    };
    const now = this.clock.now().getTime();
    const seconds = this.seconds ?? durations[operationType] ?? 3;
    this.operations.set(`${zone}/${name}`, operation);
    this.#pending.add({ operation, startsAt: now + seconds * 100, endsAt: now + seconds * 1000, finish });
    if (requestId !== null) this.#requests.set(requestId, operation);
    return operation;
  }

  /** Brings everything to how it is now: before each request. */
  settle(): void {
    const now = this.clock.now().getTime();
    for (const pending of [...this.#pending].toSorted((a, b) => a.endsAt - b.endsAt)) {
      const { operation, startsAt, endsAt, finish } = pending;
      if (now >= startsAt) {
        operation.status = 'RUNNING';
        operation.startTime ??= new Date(startsAt).toISOString();
        operation.progress = Math.min(90, Math.floor(((now - startsAt) / (endsAt - startsAt)) * 100));
      }
      if (now < endsAt) continue;
      this.#pending.delete(pending);
      finish();
      Object.assign(operation, { status: 'DONE', progress: 100, endTime: new Date(endsAt).toISOString() });
    }
    for (const instance of this.instances.values()) this.#stopInTime(instance, now);
  }

  /** The scripted failure of an operation, used up by it. */
  takeFault(operationType: string): OperationFault | undefined {
    const index = this.faults.findIndex((fault) => fault.operationType === operationType);
    return index < 0 ? undefined : this.faults.splice(index, 1)[0];
  }

  /** Something behind everybody's back: an instance that nobody asked for through this API. */
  addInstance(zone: string, name: string, more: Partial<FakeInstance> = {}): FakeInstance {
    const labels = more.labels ?? {};
    const instance: FakeInstance = {
      kind: 'compute#instance',
      id: this.newId(),
      name,
      zone: this.link(`zones/${zone}`),
      machineType: this.link(`zones/${zone}/machineTypes/e2-small`),
      status: 'RUNNING',
      creationTimestamp: this.now(),
      lastStartTimestamp: this.now(),
      selfLink: this.link(`zones/${zone}/instances/${name}`),
      labelFingerprint: fingerprint(labels),
      deletionProtection: false,
      disks: [],
      networkInterfaces: [
        { name: 'nic0', network: this.link('global/networks/default'), networkIP: `10.128.0.${1 + this.instances.size}` },
      ],
      ...more,
    };
    this.instances.set(`${zone}/${name}`, instance);
    return instance;
  }

  addDisk(zone: string, name: string, more: Partial<FakeDisk> = {}): FakeDisk {
    const disk: FakeDisk = {
      kind: 'compute#disk',
      id: this.newId(),
      name,
      zone: this.link(`zones/${zone}`),
      sizeGb: '10',
      status: 'READY',
      selfLink: this.link(`zones/${zone}/disks/${name}`),
      creationTimestamp: this.now(),
      ...more,
    };
    this.disks.set(`${zone}/${name}`, disk);
    return disk;
  }

  addAddress(region: string, name: string, more: Partial<FakeAddress> = {}): FakeAddress {
    const address: FakeAddress = {
      kind: 'compute#address',
      id: this.newId(),
      name,
      address: `203.0.113.${1 + this.addresses.size}`,
      status: 'RESERVED',
      region: this.link(`regions/${region}`),
      selfLink: this.link(`regions/${region}/addresses/${name}`),
      creationTimestamp: this.now(),
      ...more,
    };
    this.addresses.set(`${region}/${name}`, address);
    return address;
  }

  /** Takes an instance away with the disks that go with it, whoever asks. */
  removeInstance(zone: string, name: string): void {
    const instance = this.instances.get(`${zone}/${name}`);
    this.instances.delete(`${zone}/${name}`);
    for (const { source, autoDelete } of instance?.disks ?? []) {
      const key = `${zone}/${source.split('/').at(-1)}`;
      if (autoDelete) this.disks.delete(key);
      else delete this.disks.get(key)?.users;
    }
  }

  // A time limit, as Google enforces it.
  #stopInTime(instance: FakeInstance, now: number): void {
    const seconds = Number(instance.scheduling?.maxRunDuration?.seconds);
    if (instance.status !== 'RUNNING' || !Number.isFinite(seconds) || now < Date.parse(instance.lastStartTimestamp!) + seconds * 1000)
      return;
    instance.status = 'TERMINATED';
    instance.lastStopTimestamp = this.now();
  }
}

import { createHash, randomBytes, randomUUID } from 'node:crypto';

export interface FakeZone {
  id: string;
  name: string;
  status: 'active' | 'pending';
  /** The account that has it. */
  account: string;
}

export interface FakeRecord {
  id: string;
  zone: string;
  name: string;
  type: string;
  content: string;
  ttl: number;
  proxied: boolean;
  priority: number | undefined;
  comment: string | null;
  tags: string[];
  createdOn: string;
  modifiedOn: string;
}

export interface FakeTunnel {
  id: string;
  name: string;
  account: string;
  createdAt: string;
  deletedAt: string | null;
  /** Connectors that are connected. */
  connectors: { id: string; since: string }[];
  /** Has been connected once. */
  ran: boolean;
  config: { ingress?: Record<string, unknown>[]; [field: string]: unknown } | null;
  version: number;
  /** Where its rules are: at Cloudflare, or in a file beside its connector. */
  source: 'cloudflare' | 'local';
}

/** All that the fake holds: tests look at it, and change it behind the caller's back. */
export class CloudflareState {
  readonly accounts: { id: string; name: string }[] = [];
  readonly zones: FakeZone[] = [];
  readonly records = new Map<string, FakeRecord>();
  readonly tunnels = new Map<string, FakeTunnel>();
  readonly #now: () => Date;
  #records = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  addAccount(name: string): string {
    const id = hex(`account ${name}`);
    this.accounts.push({ id, name });
    return id;
  }

  addZone(account: string, name: string, status: FakeZone['status'] = 'active'): FakeZone {
    const zone: FakeZone = { id: hex(`zone ${name}`), name, status, account };
    this.zones.push(zone);
    return zone;
  }

  /** Adds a record as somebody else would. */
  addRecord(zone: FakeZone, values: Partial<FakeRecord> & { name: string; type: string; content: string }): FakeRecord {
    const now = this.now();
    const id = hex(`record ${++this.#records}`);
    const record: FakeRecord = {
      ttl: 1,
      proxied: false,
      priority: undefined,
      comment: null,
      tags: [],
      ...values,
      id,
      zone: zone.id,
      createdOn: now,
      modifiedOn: now,
    };
    this.records.set(id, record);
    return record;
  }

  addTunnel(account: string, name: string): FakeTunnel {
    const tunnel: FakeTunnel = {
      id: randomUUID(),
      name,
      account,
      createdAt: this.now(),
      deletedAt: null,
      connectors: [],
      ran: false,
      config: null,
      version: 0,
      source: 'cloudflare',
    };
    this.tunnels.set(tunnel.id, tunnel);
    return tunnel;
  }

  /** A `cloudflared` connects to a tunnel. */
  connect(tunnel: FakeTunnel): void {
    tunnel.connectors.push({ id: randomUUID(), since: this.now() });
    tunnel.ran = true;
  }

  /** All of a tunnel's connectors go down. */
  disconnect(tunnel: FakeTunnel): void {
    tunnel.connectors = [];
  }

  recordsOf(zone: FakeZone): FakeRecord[] {
    return [...this.records.values()].filter((record) => record.zone === zone.id);
  }

  now(): string {
    return this.#now().toISOString();
  }
}

function hex(seed: string): string {
  return createHash('sha256').update(seed).digest('hex').slice(0, 32);
}

/** A token that is obviously none of Cloudflare's. */
export function fakeToken(): string {
  return `fake-cloudflare-${randomBytes(12).toString('hex')}`;
}

import { createHash } from 'node:crypto';

/** An instance as Google answers it; only what is set is sent. */
export interface FakeInstance {
  kind: 'compute#instance';
  id: string;
  name: string;
  zone: string;
  machineType: string;
  status: 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'STOPPING' | 'TERMINATED';
  creationTimestamp: string;
  selfLink: string;
  labels?: Record<string, string>;
  labelFingerprint: string;
  deletionProtection: boolean;
  disks: FakeAttachedDisk[];
  networkInterfaces: {
    name: string;
    network: string;
    networkIP: string;
    accessConfigs?: { name: string; type: string; natIP: string }[];
  }[];
  scheduling?: { maxRunDuration?: { seconds: string }; instanceTerminationAction?: string };
  lastStartTimestamp?: string;
  lastStopTimestamp?: string;
  [field: string]: unknown;
}

export interface FakeAttachedDisk {
  source: string;
  boot: boolean;
  autoDelete: boolean;
  type: string;
  mode: string;
  index: number;
  deviceName: string;
  kind: string;
}

export interface FakeDisk {
  kind: 'compute#disk';
  id: string;
  name: string;
  zone: string;
  sizeGb: string;
  status: string;
  selfLink: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  users?: string[];
}

export interface FakeAddress {
  kind: 'compute#address';
  id: string;
  name: string;
  address: string;
  status: 'RESERVED' | 'IN_USE';
  region: string;
  selfLink: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  users?: string[];
}

export interface FakeOperation {
  kind: 'compute#operation';
  id: string;
  name: string;
  zone: string;
  operationType: string;
  targetLink: string;
  targetId: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  progress: number;
  user: string;
  insertTime: string;
  startTime?: string;
  endTime?: string;
  selfLink: string;
  clientOperationId?: string;
  error?: { errors: { code: string; message: string }[] };
  httpErrorStatusCode?: number;
  httpErrorMessage?: string;
}

/** As Google does it: the same labels have the same fingerprint. */
export function fingerprint(labels: Record<string, string> = {}): string {
  const text = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

/** An error as Google's Compute API writes it. */
export function failure(code: number, message: string, reason = reasons[code] ?? 'backendError'): unknown {
  return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
}

const reasons: Record<number, string> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  409: 'alreadyExists',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
  500: 'backendError',
  501: 'notImplemented',
};

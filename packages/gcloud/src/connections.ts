import { SupervisorError } from '@supervisor/core';
import { Credentials } from './google/credentials.js';
import type { DefaultCredentials } from './google/application-default.js';
import { GoogleClient, type Transport } from './google/client.js';
import { Compute } from './google/compute.js';
import { Monitoring } from './google/monitoring.js';
import type { AccountRow } from './saga/rows.js';

export interface Connection {
  compute: Compute;
  monitoring: Monitoring;
  credentials: Credentials;
}

/** What speaks to Google for each account; its tokens are kept between calls. */
export class Connections {
  readonly #known = new Map<string, { made: string; connection: Connection }>();

  constructor(
    readonly secret: (path: string) => Promise<string> = noSecrets,
    readonly defaults: DefaultCredentials = {},
    readonly transport: Transport,
  ) {}

  of({ name, gcpProject, keyPath, computeUrl, monitoringUrl }: AccountRow): Connection {
    const made = JSON.stringify([gcpProject, keyPath, computeUrl, monitoringUrl]);
    const known = this.#known.get(name);
    if (known?.made === made) return known.connection;
    const credentials = new Credentials(keyPath === null ? null : () => this.secret(keyPath), this.defaults, this.transport);
    const client = (url: string) => new GoogleClient(url, (renew) => credentials.token(renew), this.transport);
    const connection = {
      compute: new Compute(client(computeUrl ?? 'https://compute.googleapis.com'), gcpProject),
      monitoring: new Monitoring(client(monitoringUrl ?? 'https://monitoring.googleapis.com'), gcpProject),
      credentials,
    };
    this.#known.set(name, { made, connection });
    return connection;
  }
}

function noSecrets(): Promise<never> {
  throw new SupervisorError(
    'invalid_input',
    'This GCloudManager was given no way to read secrets. Pass `secret`, or use application-default credentials.',
  );
}

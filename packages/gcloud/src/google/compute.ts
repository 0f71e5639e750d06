import { SupervisorError } from '@supervisor/core';
import type { z } from 'zod';
import type { GoogleClient } from './client.js';
import { refusalStatus } from './failure.js';
import {
  addressAnswer,
  aggregatedInstances,
  diskAnswer,
  instanceAnswer,
  machineTypeAnswer,
  operationAnswer,
  pageOf,
  projectAnswer,
  zoneAnswer,
  type Address,
  type Disk,
  type GoogleOperation,
  type Instance,
  type InstanceBody,
} from './resources.js';

const pageSize = 500;
// No list here is longer; one that is must not be read for ever.
const mostPages = 200;
/** Google answers a wait after two minutes at the latest. */
const waitMilliseconds = 125_000;

/** The part of the Compute Engine API that VMs need, in one Google project. */
export class Compute {
  readonly #base: string;

  constructor(
    readonly client: GoogleClient,
    gcpProject: string,
  ) {
    this.#base = `/compute/v1/projects/${encodeURIComponent(gcpProject)}`;
  }

  project() {
    return this.client.request({ method: 'GET', path: this.#base, answer: projectAnswer });
  }

  zones() {
    return this.#list(`${this.#base}/zones`, zoneAnswer);
  }

  machineTypes(zone: string) {
    return this.#list(`${this.#zone(zone)}/machineTypes`, machineTypeAnswer);
  }

  /** Undefined: Google does not have it. */
  instance(zone: string, name: string): Promise<Instance | undefined> {
    return this.#get(this.#instance(zone, name), instanceAnswer);
  }

  disk(zone: string, name: string): Promise<Disk | undefined> {
    return this.#get(`${this.#zone(zone)}/disks/${encodeURIComponent(name)}`, diskAnswer);
  }

  disks(zone: string): Promise<Disk[]> {
    return this.#list(`${this.#zone(zone)}/disks`, diskAnswer);
  }

  addresses(region: string): Promise<Address[]> {
    return this.#list(`${this.#base}/regions/${encodeURIComponent(region)}/addresses`, addressAnswer);
  }

  /** Every instance of the project, and the zones that did not answer: what is there is not known. */
  async instances(): Promise<{ instances: Instance[]; unreachable: string[] }> {
    const instances: Instance[] = [];
    const unreachable: string[] = [];
    for await (const page of this.#pages(`${this.#base}/aggregated/instances`, aggregatedInstances, { returnPartialSuccess: true })) {
      unreachable.push(...page.unreachables);
      for (const [scope, { instances: found, warning }] of Object.entries(page.items)) {
        instances.push(...found);
        if (warning && warning.code !== 'NO_RESULTS_ON_PAGE') unreachable.push(scope);
      }
    }
    return { instances, unreachable: unreachable.map((scope) => scope.split('/').at(-1)!) };
  }

  insert(zone: string, body: InstanceBody, requestId: string): Promise<GoogleOperation> {
    return this.#mutate('POST', `${this.#zone(zone)}/instances`, requestId, body);
  }

  delete(zone: string, name: string, requestId: string): Promise<GoogleOperation> {
    return this.#mutate('DELETE', this.#instance(zone, name), requestId);
  }

  deleteDisk(zone: string, name: string, requestId: string): Promise<GoogleOperation> {
    return this.#mutate('DELETE', `${this.#zone(zone)}/disks/${encodeURIComponent(name)}`, requestId);
  }

  change(zone: string, name: string, verb: 'start' | 'stop' | 'reset', requestId: string): Promise<GoogleOperation> {
    return this.#mutate('POST', `${this.#instance(zone, name)}/${verb}`, requestId);
  }

  unprotect(zone: string, name: string, requestId: string): Promise<GoogleOperation> {
    return this.#mutate('POST', `${this.#instance(zone, name)}/setDeletionProtection`, requestId, undefined, { deletionProtection: false });
  }

  setMachineType(zone: string, name: string, machineType: string, requestId: string): Promise<GoogleOperation> {
    return this.#mutate('POST', `${this.#instance(zone, name)}/setMachineType`, requestId, {
      machineType: `zones/${zone}/machineTypes/${machineType}`,
    });
  }

  /** @throws SupervisorError `conflict` with status 412 when the labels are no longer those of the fingerprint */
  setLabels(zone: string, name: string, labels: Record<string, string>, labelFingerprint: string | undefined, requestId: string) {
    return this.#mutate('POST', `${this.#instance(zone, name)}/setLabels`, requestId, { labels, labelFingerprint });
  }

  /** Undefined: Google has forgotten it, as it does with those that ended long ago. */
  operation(zone: string, name: string): Promise<GoogleOperation | undefined> {
    return this.#get(this.#operation(zone, name), operationAnswer);
  }

  /** Answers when the operation is done, or before: who waits asks again. */
  waitOnce(zone: string, name: string, milliseconds: number, signal?: AbortSignal): Promise<GoogleOperation> {
    return this.client.request({
      method: 'POST',
      path: `${this.#operation(zone, name)}/wait`,
      timeoutMilliseconds: Math.max(1000, Math.min(milliseconds, waitMilliseconds)),
      signal,
      once: true,
      answer: operationAnswer,
    });
  }

  operations(zone: string): Promise<GoogleOperation[]> {
    return this.#list(`${this.#zone(zone)}/operations`, operationAnswer);
  }

  #zone(zone: string): string {
    return `${this.#base}/zones/${encodeURIComponent(zone)}`;
  }

  #instance(zone: string, name: string): string {
    return `${this.#zone(zone)}/instances/${encodeURIComponent(name)}`;
  }

  #operation(zone: string, name: string): string {
    return `${this.#zone(zone)}/operations/${encodeURIComponent(name)}`;
  }

  #mutate(
    method: 'POST' | 'DELETE',
    path: string,
    requestId: string,
    body?: unknown,
    query?: Record<string, boolean>,
  ): Promise<GoogleOperation> {
    return this.client.request({ method, path, requestId, body, ...(query ? { query } : {}), answer: operationAnswer });
  }

  async #get<Answer extends z.ZodType>(path: string, answer: Answer): Promise<z.output<Answer> | undefined> {
    try {
      return await this.client.request({ method: 'GET', path, answer });
    } catch (error) {
      if (refusalStatus(error) === 404) return undefined;
      throw error;
    }
  }

  async #list<Item extends z.ZodType>(path: string, item: Item): Promise<z.output<Item>[]> {
    const items: z.output<Item>[] = [];
    for await (const page of this.#pages(path, pageOf(item))) items.push(...(page.items as z.output<Item>[]));
    return items;
  }

  async *#pages<Page extends z.ZodType<{ nextPageToken?: string | undefined }>>(
    path: string,
    answer: Page,
    query: Record<string, boolean> = {},
  ) {
    let pageToken: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const found = await this.client.request({ method: 'GET', path, query: { ...query, maxResults: pageSize, pageToken }, answer });
      yield found;
      pageToken = found.nextPageToken;
      if (!pageToken) return;
    }
    throw new SupervisorError(
      'too_large',
      `Google has more than ${mostPages} pages of it. Use a Google project of its own for Supervisor.`,
    );
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { machineTypes, regionOf, zones } from './catalogue.js';
import { failure } from './shapes.js';
import type { FakeWorld } from './world.js';

const base = '/compute/v1/projects/{project}';
const notFound = (what: string): FakeAnswer => ({ status: 404, body: failure(404, `The resource '${what}' was not found`) });

/** What reads, and what waits. `waitMilliseconds`: how long a wait is held before it comes back early. */
export function readRoutes(world: FakeWorld, waitMilliseconds: number, unreachable: Set<string>): FakeRoutes {
  const inProject = (answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>) => (request: FakeRequest) =>
    request.params['project'] === world.project ? answer(request) : notFound(`projects/${request.params['project']}`);
  const one = <Item extends object>(map: Map<string, Item>, place: 'zone' | 'region', field: string) =>
    inProject(({ params }) => {
      const found = map.get(`${params[place]}/${params[field]}`);
      return found ? { status: 200, body: { ...found } } : notFound(`${field}s/${params[field]}`);
    });
  const list = (kind: string, path: string, items: (params: Record<string, string>) => object[]) =>
    inProject(({ params, query }) =>
      paged(query, items(params), (page, next) => ({ kind, id: world.project, items: page, ...next, selfLink: world.link(path) })),
    );
  const inside = <Item>(map: Map<string, Item>, place: string) =>
    [...map].flatMap(([key, item]) => (key.startsWith(`${place}/`) ? [item] : []));

  return {
    [`GET ${base}`]: inProject(() => ({
      status: 200,
      body: {
        kind: 'compute#project',
        id: '7',
        name: world.project,
        creationTimestamp: '2026-01-01T00:00:00.000Z',
        selfLink: world.link(''),
      },
    })),
    [`GET ${base}/zones`]: list('compute#zoneList', 'zones', () => zones.map((name, index) => zoneOf(world, name, index))),
    [`GET ${base}/zones/{zone}/machineTypes`]: list('compute#machineTypeList', 'machineTypes', ({ zone }) =>
      Object.entries(machineTypes).map(([name, size], index) => ({
        kind: 'compute#machineType',
        id: String(1000 + index),
        name,
        zone,
        ...size,
        isSharedCpu: /micro|small|medium/.test(name),
        selfLink: world.link(`zones/${zone}/machineTypes/${name}`),
      })),
    ),
    [`GET ${base}/zones/{zone}/instances/{instance}`]: one(world.instances, 'zone', 'instance'),
    [`GET ${base}/zones/{zone}/instances`]: list('compute#instanceList', 'instances', ({ zone }) => inside(world.instances, zone!)),
    [`GET ${base}/aggregated/instances`]: inProject(({ query }) => aggregated(world, query, unreachable)),
    [`GET ${base}/zones/{zone}/disks/{disk}`]: one(world.disks, 'zone', 'disk'),
    [`GET ${base}/zones/{zone}/disks`]: list('compute#diskList', 'disks', ({ zone }) => inside(world.disks, zone!)),
    [`GET ${base}/regions/{region}/addresses`]: list('compute#addressList', 'addresses', ({ region }) => inside(world.addresses, region!)),
    [`GET ${base}/zones/{zone}/operations/{operation}`]: one(world.operations, 'zone', 'operation'),
    [`GET ${base}/zones/{zone}/operations`]: list('compute#operationList', 'operations', ({ zone }) => inside(world.operations, zone!)),
    [`POST ${base}/zones/{zone}/operations/{operation}/wait`]: inProject(async ({ params }) => {
      const operation = world.operations.get(`${params['zone']}/${params['operation']}`);
      if (!operation) return notFound(`operations/${params['operation']}`);
      const until = Date.now() + waitMilliseconds;
      while (operation.status !== 'DONE' && Date.now() < until) {
        await sleep(20);
        world.settle();
      }
      return { status: 200, body: { ...operation } };
    }),
  };
}

function zoneOf(world: FakeWorld, name: string, index: number): object {
  return {
    kind: 'compute#zone',
    id: String(2000 + index),
    name,
    status: 'UP',
    region: world.link(`regions/${regionOf(name)}`),
    selfLink: world.link(`zones/${name}`),
    creationTimestamp: '2026-01-01T00:00:00.000Z',
  };
}

function aggregated(world: FakeWorld, query: URLSearchParams, unreachable: Set<string>): FakeAnswer {
  return paged(
    query,
    [...world.instances].filter(([key]) => !unreachable.has(key.split('/')[0]!)),
    (page, next) => {
      const items = zones.map((zone) => {
        const instances = page.filter(([key]) => key.startsWith(`${zone}/`)).map(([, instance]) => instance);
        const code = unreachable.has(zone) ? 'UNREACHABLE' : 'NO_RESULTS_ON_PAGE';
        const warning = {
          code,
          message: `There are no results for scope 'zones/${zone}' on this page.`,
          data: [{ key: 'scope', value: `zones/${zone}` }],
        };
        return [`zones/${zone}`, instances.length > 0 ? { instances } : { warning }];
      });
      return {
        kind: 'compute#instanceAggregatedList',
        id: world.project,
        items: Object.fromEntries(items),
        ...next,
        selfLink: world.link('aggregated/instances'),
      };
    },
  );
}

function paged<Item>(query: URLSearchParams, all: Item[], body: (page: Item[], next: { nextPageToken?: string }) => object): FakeAnswer {
  if (query.get('filter') !== null) return { status: 501, body: failure(501, 'This fake knows no filter. Add it.') };
  const size = Math.min(Number(query.get('maxResults') ?? 500), 500);
  const from = Number(query.get('pageToken') ?? 0);
  const next = from + size < all.length ? { nextPageToken: String(from + size) } : {};
  return { status: 200, body: body(all.slice(from, from + size), next) };
}

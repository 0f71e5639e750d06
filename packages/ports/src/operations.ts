import {
  instanceField,
  instant,
  nameField,
  nextCursor,
  operation,
  page,
  projectField,
  projectFilter,
  proseField,
  type Context,
} from '@supervisor/core';
import { z } from 'zod';
import type { AllocateOptions } from './allocation.js';
import type { PortManager } from './port-manager.js';
import { presets, type Preset } from './range.js';

export interface PortDeps {
  ports: PortManager;
}

const service = nameField('What listens: web, api, db …');
const instance = instanceField();
const portNumber = z.int().min(1).max(65535);

const allocation = z.object({
  port: portNumber,
  project: z.string(),
  instance: z.string(),
  service: z.string(),
  pinned: z.boolean().describe("Outside the project's range"),
  description: z.string().nullable(),
  createdAt: instant,
  expiresAt: instant.nullable().describe('Goes back then unless asked for again; null: never'),
  lastSeenAt: instant.nullable().describe('When a sweep last saw something listen there'),
});
const sighting = z.object({
  address: z.string(),
  pid: z.int().nullable().describe('Null: the process cannot be seen'),
  command: z.string().nullable(),
  cwd: z.string().nullable(),
  project: z.string().nullable(),
  yours: z.boolean().describe('It belongs to the project that has the port'),
});
const listener = sighting.nullable().describe('Who listens there now');
const grant = allocation.extend({
  created: z.boolean().describe('False: it already had this port'),
  checked: z.boolean().describe('False: only the ledger was asked'),
  listener,
  notes: z.array(z.string()),
});
const state = z.enum(['confirmed', 'idle', 'gone', 'taken', 'unknown']);
const span = { first: portNumber, last: portNumber };
const range = z.object({
  project: z.string(),
  ...span,
  denied: z.array(z.int()).describe('Given by number only'),
  start: portNumber,
  createdAt: instant,
});
const utilization = z.object({ project: z.string(), ...span, allocated: z.int(), free: z.int(), percent: z.number() });

const expiresInSeconds = z.int().min(1).max(2_592_000).optional();

/** Where whoever calls is. A worktree is known by its own project and name only. */
function callerOf(project: string, instance: string | undefined, { elsewhere, worktree, ...caller }: Context): AllocateOptions {
  const own = project === caller.project && instance === caller.instance;
  return own ? { elsewhere, worktree } : { elsewhere };
}

export const portOperations = [
  operation({
    name: 'allocate_port',
    route: 'PUT /projects/{project}/ports/{service}',
    summary: "Give a service a port of its project's range",
    description:
      'Call before binding any port, and use what it answers. The same service always gets the same port. expiresInSeconds: for a throwaway, asking again renews.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      service,
      project: projectField(),
      instance,
      expiresInSeconds,
      description: proseField('What it is for', 500).optional(),
    }),
    output: grant,
    subject: ({ service }) => service,
    handle: ({ ports }: PortDeps, { project, service, ...options }, context) =>
      ports.allocatePort(project, service, { ...options, ...callerOf(project, options.instance, context) }),
  }),
  operation({
    name: 'allocate_specific_port',
    route: 'PUT /projects/{project}/ports/{service}/{port}',
    summary: 'Give a service this very port, from anywhere',
    description: 'For a project that already lives on a port, and for conventional ones (5432, 8080), which no range gives.',
    access: 'write',
    input: z.object({
      service,
      port: portNumber,
      project: projectField(),
      instance,
      expiresInSeconds,
      description: proseField('What it is for', 500).optional(),
    }),
    output: grant,
    subject: ({ service, port }) => `${service}:${port}`,
    handle: ({ ports }: PortDeps, { project, service, port, ...options }, context) =>
      ports.allocateSpecificPort(project, service, port, {
        ...options,
        ...callerOf(project, options.instance, context),
        bound: context.principal.boundTo !== null,
      }),
  }),
  operation({
    name: 'get_port',
    route: 'GET /projects/{project}/ports/{service}',
    summary: 'Tell the port of a service',
    access: 'read',
    input: z.object({ service, project: projectField(), instance }),
    output: allocation,
    handle: ({ ports }: PortDeps, { project, service, instance }) => ports.getPort(project, service, { instance }),
  }),
  operation({
    name: 'list_ports',
    route: 'GET /ports',
    summary: 'List ports and who has them',
    description: 'With `port`: whose that one is. With `live`: also who listens, and where somebody listens without asking.',
    access: 'read',
    toolset: 'default',
    input: z.object({ project: projectFilter(), port: portNumber.optional(), live: z.boolean().optional(), ...page }),
    output: z.object({
      allocations: z.array(allocation.extend({ state: state.optional(), listener: listener.optional() })),
      orphans: z.array(sighting.extend({ port: portNumber })).optional(),
      nextCursor,
    }),
    handle: async ({ ports }: PortDeps, { live, ...input }) => (live ? ports.listLive(input) : ports.listAllocations(input)),
  }),
  operation({
    name: 'explain_port',
    route: 'GET /ports/{port}',
    summary: 'Tell whose a port is, who listens on it, and what to do',
    access: 'read',
    input: z.object({ port: portNumber, project: projectFilter() }),
    output: z.object({
      port: portNumber,
      state: z.enum([...state.options, 'orphan', 'free']),
      allocation: allocation.nullable(),
      range: z.string().nullable().describe('Project whose range it lies in'),
      listener,
      quarantinedUntil: instant.nullable(),
      advice: z.string(),
    }),
    handle: ({ ports }: PortDeps, { port, project }) => ports.explainPort(port, project),
  }),
  operation({
    name: 'release_port',
    route: 'DELETE /projects/{project}/ports/{service}',
    summary: "Give a service's port back",
    description: 'Only when the service is gone for good.',
    access: 'write',
    toolset: 'default',
    input: z.object({ service, project: projectField(), instance }),
    output: z.object({ released: z.boolean(), port: portNumber.nullable(), notes: z.array(z.string()) }),
    subject: ({ service }) => service,
    handle: ({ ports }: PortDeps, { project, service, instance }) => ports.releasePort(project, service, { instance }),
  }),
  operation({
    name: 'release_copy',
    route: 'DELETE /projects/{project}/instances/{instance}/ports',
    summary: 'Give back all ports of a worktree or another copy of the project',
    description: 'Only when the copy is gone for good.',
    access: 'write',
    toolset: 'admin',
    // Named by the caller, never filled in: nobody gives all of their own back by leaving a word out.
    input: z.object({ instance: nameField('The copy, as list_ports shows it', 200), project: projectField() }),
    output: z.object({ released: z.array(portNumber), notes: z.array(z.string()) }),
    subject: ({ instance }) => instance,
    handle: ({ ports }: PortDeps, { project, instance }) => ports.releaseCopy(project, instance),
  }),
  operation({
    name: 'get_port_utilization',
    route: 'GET /port-utilization',
    summary: "Show how full each project's port range is",
    access: 'read',
    toolset: 'default',
    input: z.object({ project: projectFilter() }),
    output: z.object({ ranges: z.array(utilization) }),
    handle: async ({ ports }: PortDeps, { project }) => ({ ranges: await ports.getUtilization(project) }),
  }),
  operation({
    name: 'create_port_range',
    route: 'PUT /projects/{project}/port-range',
    summary: 'Give a project its range: the next free block, or the one named',
    access: 'write',
    input: z.object({
      project: projectField(),
      first: portNumber.optional(),
      last: portNumber.optional(),
      size: z.int().min(1).max(10_000).optional().describe('Number of ports; 100 when left out'),
      deny: z.array(portNumber).max(1000).optional().describe('Ports to give by number only'),
      preset: z
        .enum(Object.keys(presets) as [Preset, ...Preset[]])
        .optional()
        .describe(
          'Where to look for a block: low from 3000, high from 20000; holds for new projects from now on, where the caller is not bound to one',
        ),
    }),
    output: range,
    handle: ({ ports }: PortDeps, { project, ...request }, { principal }) =>
      ports.createPortRange(project, { ...request, bound: principal.boundTo !== null }),
  }),
  operation({
    name: 'list_port_ranges',
    route: 'GET /port-ranges',
    summary: 'List the ranges of all projects',
    access: 'read',
    input: z.object({ project: projectFilter() }),
    output: z.object({ ranges: z.array(range) }),
    handle: async ({ ports }: PortDeps, { project }) => {
      const ranges = await ports.listPortRanges();
      return { ranges: project === undefined ? ranges : ranges.filter((range) => range.project === project) };
    },
  }),
];

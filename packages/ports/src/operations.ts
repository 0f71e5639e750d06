import {
  instanceField,
  instant,
  nameField,
  nextCursor,
  operation,
  page,
  projectField,
  projectFilter,
  SupervisorError,
  textField,
} from '@supervisor/core';
import { z } from 'zod';
import type { PortManager } from './port-manager.js';
import { blockSize, type Span } from './range.js';

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
});
const grant = allocation.extend({ created: z.boolean().describe('False: it already had this port'), notes: z.array(z.string()) });
const span = { first: portNumber, last: portNumber };
const range = z.object({ project: z.string(), ...span, denied: z.array(z.int()).describe('Never handed out'), createdAt: instant });
const utilization = z.object({ project: z.string(), ...span, allocated: z.int(), free: z.int(), percent: z.number() });

function spanOf(first: number | undefined, last: number | undefined): Span | undefined {
  if (first !== undefined) return { first, last: last ?? Math.min(first + blockSize - 1, 65_535) };
  if (last !== undefined) throw new SupervisorError('invalid_input', 'create_port_range: last needs first.');
  return undefined;
}

export const portOperations = [
  operation({
    name: 'allocate_port',
    route: 'PUT /projects/{project}/ports/{service}',
    summary: "Give a service a port of its project's range",
    description: 'Call before binding any port, and use what it answers. The same service always gets the same port.',
    access: 'write',
    toolset: 'default',
    input: z.object({ service, project: projectField(), instance, description: textField('What it is for', 500).optional() }),
    output: grant,
    subject: ({ service }) => service,
    handle: ({ ports }: PortDeps, { project, service, ...options }) => ports.allocatePort(project, service, options),
  }),
  operation({
    name: 'allocate_specific_port',
    route: 'PUT /projects/{project}/ports/{service}/{port}',
    summary: 'Give a service this very port, from anywhere',
    description: 'For a project that already lives on a port.',
    access: 'write',
    input: z.object({
      service,
      port: portNumber,
      project: projectField(),
      instance,
      description: textField('What it is for', 500).optional(),
    }),
    output: grant,
    subject: ({ service, port }) => `${service}:${port}`,
    handle: ({ ports }: PortDeps, { project, service, port, ...options }) => ports.allocateSpecificPort(project, service, port, options),
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
    description: 'With `port`: whose that one is.',
    access: 'read',
    toolset: 'default',
    input: z.object({ project: projectFilter(), port: portNumber.optional(), ...page }),
    output: z.object({ allocations: z.array(allocation), nextCursor }),
    handle: ({ ports }: PortDeps, input) => ports.listAllocations(input),
  }),
  operation({
    name: 'release_port',
    route: 'DELETE /projects/{project}/ports/{service}',
    summary: "Give a service's port back",
    description: 'Only when the service is gone for good.',
    access: 'write',
    toolset: 'default',
    input: z.object({ service, project: projectField(), instance }),
    output: z.object({ released: z.boolean(), port: portNumber.nullable() }),
    subject: ({ service }) => service,
    handle: ({ ports }: PortDeps, { project, service, instance }) => ports.releasePort(project, service, { instance }),
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
    input: z.object({ project: projectField(), first: portNumber.optional(), last: portNumber.optional() }),
    output: range,
    handle: ({ ports }: PortDeps, { project, first, last }) => ports.createPortRange(project, spanOf(first, last)),
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

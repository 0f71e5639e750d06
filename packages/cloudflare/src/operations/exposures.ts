import { cutPage, instanceField, instant, nameField, nextCursor, operation, page, projectField, projectFilter } from '@supervisor/core';
import { z } from 'zod';
import { name, problem, type CloudflareDeps } from './fields.js';

const access = z.enum(['public', 'login']);
const state = z.enum(['exposing', 'exposed', 'undoing', 'removing']);
const port = z.int().min(1).max(65_535);

export const exposureOperations = [
  operation({
    name: 'expose_service',
    route: 'PUT /exposures/{hostname}',
    summary: 'Make a service of this machine reachable at https://hostname',
    description:
      'Port, tunnel and DNS record in one step, all or none. access: public, for anybody, or login, behind Cloudflare Access; ask the person which. Not complete until what `run` says is running.',
    access: 'write',
    toolset: 'cloud',
    command: 'expose',
    input: z.object({
      hostname: name,
      access,
      service: nameField('What listens: web, api …').optional(),
      port: port.optional().describe('Instead of service'),
      project: projectField(),
      instance: instanceField(),
    }),
    output: z.object({
      url: z.string(),
      hostname: z.string(),
      project: z.string(),
      service: z.string(),
      port,
      access,
      state,
      complete: z.boolean().describe('The connector answers: the url works'),
      route: z.object({ tunnel: z.string(), service: z.string() }),
      record: z.object({ name: z.string(), type: z.string(), content: z.string() }),
      connector: z.string(),
      run: z.string().nullable().describe('What a person still runs on this machine'),
      warnings: z.array(z.string()),
    }),
    subject: ({ hostname, access, service, port }) => `${hostname} ${access} ${service ?? port ?? ''}`.trim(),
    handle: ({ cloudflare }: CloudflareDeps, input) => cloudflare.expose(input),
  }),
  operation({
    name: 'unexpose_service',
    route: 'DELETE /exposures/{hostname}',
    summary: 'Take back what expose_service made for a hostname',
    access: 'write',
    toolset: 'cloud',
    command: 'unexpose',
    input: z.object({ hostname: name, project: projectField() }),
    output: z.object({ removed: z.boolean(), warnings: z.array(z.string()) }),
    subject: ({ hostname }) => hostname,
    handle: ({ cloudflare }: CloudflareDeps, { project, hostname }) => cloudflare.unexpose(project, hostname),
  }),
  operation({
    name: 'list_exposures',
    route: 'GET /exposures',
    summary: 'List services that are reachable from outside, and how far the others are',
    access: 'read',
    input: z.object({ project: projectFilter(), ...page }),
    output: z.object({
      exposures: z.array(
        z.object({
          hostname: z.string(),
          project: z.string(),
          instance: z.string(),
          service: z.string(),
          port,
          access,
          account: z.string(),
          state,
          step: z.string().nullable().describe('The last step done: tunnel, route, record'),
          exposedAt: instant.nullable(),
          problem,
        }),
      ),
      nextCursor,
    }),
    handle: async ({ cloudflare }: CloudflareDeps, filter) => {
      const found = await cloudflare.listExposures({ ...filter, limit: filter.limit + 1 });
      const { rows, ...next } = cutPage(found, filter.limit, ({ hostname }) => hostname);
      return { exposures: rows.map(({ lastError, ...row }) => ({ ...row, problem: lastError })), ...next };
    },
  }),
];

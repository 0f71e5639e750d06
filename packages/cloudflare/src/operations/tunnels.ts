import { cutPage, instant, nextCursor, operation, page, projectField, projectFilter, sensitive, textField } from '@supervisor/core';
import { z } from 'zod';
import type { PlacedRoute } from '../cloudflare-manager.js';
import type { Rule } from '../ingress/rule.js';
import { placeOf } from '../tunnels/routes.js';
import type { TunnelRow } from '../tunnels/tunnels.js';
import { account, name, problem, tunnel, type CloudflareDeps } from './fields.js';

const tunnelFields = {
  tunnel: z.string(),
  account: z.string(),
  id: z.string().nullable().describe("Cloudflare's; null: not made yet"),
  standard: z.boolean().describe('Exposures use it'),
  shared: z.boolean().describe('Others made it'),
  problem,
};
const tunnelShown = z.object(tunnelFields);

const showTunnel = ({ name, account, tunnelId, standard, shared, lastError }: TunnelRow): z.input<typeof tunnelShown> => ({
  tunnel: name,
  account,
  id: tunnelId,
  standard,
  shared,
  problem: lastError,
});

const route = z.object({
  hostname: z.string(),
  path: z.string(),
  service: z.string(),
  project: z.string(),
  tunnel: z.string(),
  state: z.enum(['wanted', 'live', 'deleting']),
  exposed: z.boolean().describe('Part of an exposed service'),
  lastSyncAt: instant.nullable(),
  problem,
});

const showRoute = ({ route: { rule, exposure, lastError, ...row }, tunnel }: PlacedRoute): z.input<typeof route> => ({
  ...row,
  service: rule.service ?? '',
  tunnel,
  exposed: exposure !== null,
  problem: lastError,
});

const path = textField("A regular expression (Go's); every path when left out", 500).optional();
const found = z.object({ rule: z.int().describe('From 1; 0: the list as a whole'), check: z.string(), message: z.string() });
const rules = z
  .array(
    z.looseObject({
      hostname: z.string().max(254).optional(),
      path: z.string().max(500).optional(),
      service: z.string().max(500).optional(),
    }),
  )
  .max(1000)
  .optional()
  .describe('ingress rules; those of the tunnel when left out');

export const tunnelOperations = [
  operation({
    name: 'ensure_tunnel',
    route: 'PUT /cloudflare/tunnel',
    summary: 'Make sure that a tunnel exists: the standard one, or the one named',
    access: 'write',
    openWorld: true,
    input: z.object({ account, tunnel }),
    output: tunnelShown,
    subject: ({ tunnel = 'standard' }) => tunnel,
    handle: async ({ cloudflare }: CloudflareDeps, place) => showTunnel(await cloudflare.ensureTunnel(place)),
  }),
  operation({
    name: 'adopt_tunnel',
    summary: 'Use a tunnel that others made, beside them, for exposures',
    access: 'owner',
    openWorld: true,
    input: z.object({ tunnel: textField('Its name', 100).min(1), account }),
    output: tunnelShown,
    subject: ({ tunnel }) => tunnel,
    handle: async ({ cloudflare }: CloudflareDeps, { tunnel, account }) => showTunnel(await cloudflare.adoptTunnel(tunnel, account)),
  }),
  operation({
    name: 'list_tunnels',
    route: 'GET /cloudflare/tunnels',
    summary: 'List the tunnels that are used, and whether a connector answers',
    access: 'read',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({
      tunnels: z.array(z.object({ ...tunnelFields, status: z.string().nullable().describe('null: it is gone'), connected: z.boolean() })),
    }),
    handle: async ({ cloudflare }: CloudflareDeps, input) => ({
      tunnels: (await cloudflare.listTunnels(input.account)).map(({ row, ...rest }) => ({ ...showTunnel(row), ...rest })),
    }),
  }),
  operation({
    name: 'delete_tunnel',
    route: 'DELETE /cloudflare/tunnel',
    summary: 'Delete a tunnel of ours that nothing uses; let go of a shared one',
    access: 'destroy',
    openWorld: true,
    input: z.object({ account, tunnel }),
    output: tunnelShown,
    subject: ({ tunnel = 'standard' }) => tunnel,
    handle: async ({ cloudflare }: CloudflareDeps, place) => showTunnel(await cloudflare.deleteTunnel(place)),
  }),
  operation({
    name: 'get_tunnel_token',
    summary: 'Take the token with which cloudflared runs a tunnel',
    // For `supervisor tunnel run`, which gives it to cloudflared: no tool, no route, no token.
    access: 'owner',
    command: false,
    openWorld: true,
    input: z.object({ account, tunnel }),
    output: z.object({ tunnel: z.string(), token: sensitive(z.string()) }),
    subject: ({ tunnel = 'standard' }) => tunnel,
    handle: ({ cloudflare }: CloudflareDeps, place) => cloudflare.tunnelToken(place),
  }),
  operation({
    name: 'put_tunnel_route',
    summary: 'Put a rule into a tunnel: what is asked of a name goes to a service',
    description: 'Rules of others stay where they are. It makes no DNS record: expose_service makes both.',
    // It may lead anywhere this machine can reach, which expose_service does not.
    access: 'owner',
    openWorld: true,
    input: z.object({
      hostname: name,
      service: textField('Where it goes', 300)
        .min(1)
        .meta({ examples: ['http://localhost:3100'] }),
      path,
      account,
      tunnel,
      project: projectField(),
    }),
    output: route,
    subject: ({ hostname, path = '' }) => `${hostname} ${path}`.trim(),
    handle: async ({ cloudflare }: CloudflareDeps, { project, account, tunnel, ...rule }) =>
      showRoute(await cloudflare.putRoute(project, rule as Rule & { hostname: string }, { account, tunnel })),
  }),
  operation({
    name: 'remove_tunnel_route',
    route: 'DELETE /cloudflare/routes/{hostname}',
    summary: 'Take a rule of ours out of a tunnel',
    access: 'write',
    openWorld: true,
    input: z.object({ hostname: name, path, account, tunnel, project: projectField() }),
    output: z.object({ removed: z.boolean() }),
    subject: ({ hostname, path = '' }) => `${hostname} ${path}`.trim(),
    handle: async ({ cloudflare }: CloudflareDeps, { project, hostname, path, ...place }) => ({
      removed: await cloudflare.removeRoute(project, hostname, path, place),
    }),
  }),
  operation({
    name: 'list_tunnel_routes',
    route: 'GET /cloudflare/routes',
    summary: 'List the rules of ours in tunnels',
    access: 'read',
    input: z.object({ project: projectFilter(), ...page }),
    output: z.object({ routes: z.array(route), nextCursor }),
    handle: async ({ cloudflare }: CloudflareDeps, filter) => {
      const found = await cloudflare.listRoutes({ ...filter, limit: filter.limit + 1 });
      const { rows, ...next } = cutPage(found, filter.limit, ({ route }) => placeOf(route));
      return { routes: rows.map(showRoute), ...next };
    },
  }),
  operation({
    name: 'validate_tunnel_routes',
    route: 'POST /cloudflare/routes/validate',
    summary: "Say what cloudflared would say to a tunnel's rules",
    access: 'read',
    openWorld: true,
    input: z.object({ rules, account, tunnel }),
    output: z.object({ valid: z.boolean(), errors: z.array(found), warnings: z.array(found) }),
    handle: ({ cloudflare }: CloudflareDeps, { rules, ...place }) => cloudflare.validateRoutes(rules as Rule[] | undefined, place),
  }),
  operation({
    name: 'sync_tunnel_routes',
    route: 'POST /cloudflare/routes/sync',
    summary: 'Compare our rules with what is in the tunnels',
    access: 'write',
    openWorld: true,
    input: z.object({ account, project: projectFilter(), mend: z.boolean().optional().describe('Put back what is missing or different') }),
    output: z.object({
      routes: z.array(
        z.object({
          hostname: z.string(),
          path: z.string(),
          project: z.string(),
          tunnel: z.string(),
          state: z.enum(['in_sync', 'drifted', 'missing']),
          mended: z.boolean(),
        }),
      ),
    }),
    handle: async ({ cloudflare }: CloudflareDeps, { mend = false, ...which }) => ({ routes: await cloudflare.syncRoutes(mend, which) }),
  }),
];

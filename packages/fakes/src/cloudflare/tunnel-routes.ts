import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { connectionsOf, ok, paged, refuse, tunnelBody } from './answers.js';
import type { CloudflareState, FakeTunnel } from './state.js';

/** The routes of tunnels, under an account's path. */
export function tunnelRoutes(state: CloudflareState): FakeRoutes {
  const inAccount =
    (answer: (account: string, request: FakeRequest) => FakeAnswer) =>
    (request: FakeRequest): FakeAnswer => {
      const account = state.accounts.find(({ id }) => id === request.params['account']);
      return account ? answer(account.id, request) : refuse(403, 10000, 'Authentication error');
    };
  const onTunnel = (answer: (tunnel: FakeTunnel, request: FakeRequest) => FakeAnswer) =>
    inAccount((account, request) => {
      const tunnel = state.tunnels.get(request.params['tunnel']!);
      return tunnel && tunnel.account === account ? answer(tunnel, request) : refuse(404, 1003, 'Tunnel not found');
    });
  const base = '/client/v4/accounts/{account}/cfd_tunnel';
  return {
    [`GET ${base}`]: inAccount((account, request) => {
      const { query } = request;
      const found = [...state.tunnels.values()].filter(
        (tunnel) =>
          tunnel.account === account &&
          (query.get('name') ?? tunnel.name) === tunnel.name &&
          (query.get('is_deleted') === null || (query.get('is_deleted') === 'true') === (tunnel.deletedAt !== null)),
      );
      return paged(request, found, tunnelBody, 1000, 20);
    }),
    [`POST ${base}`]: inAccount((account, { body }) => {
      const { name, config_src: source = 'local' } = (body ?? {}) as { name?: string; config_src?: FakeTunnel['source'] };
      if (!name) return refuse(400, 1001, 'name is required');
      const same = [...state.tunnels.values()].some((tunnel) => tunnel.account === account && tunnel.name === name && !tunnel.deletedAt);
      return same
        ? refuse(409, 1013, 'You already have a tunnel with this name. Please choose another.')
        : ok(tunnelBody(Object.assign(state.addTunnel(account, name), { source })));
    }),
    [`GET ${base}/{tunnel}`]: onTunnel((tunnel) => ok(tunnelBody(tunnel))),
    [`DELETE ${base}/{tunnel}`]: onTunnel((tunnel) => {
      if (tunnel.connectors.length > 0) return refuse(400, 1022, 'Cannot delete tunnel because it has active connections');
      if (tunnel.deletedAt) return refuse(404, 1003, 'Tunnel not found');
      tunnel.deletedAt = state.now();
      return ok(tunnelBody(tunnel));
    }),
    [`GET ${base}/{tunnel}/configurations`]: onTunnel((tunnel) => ok(configBody(tunnel))),
    [`PUT ${base}/{tunnel}/configurations`]: onTunnel((tunnel, { body }) => {
      const { config } = (body ?? {}) as { config?: FakeTunnel['config'] };
      const ingress = config?.ingress ?? [];
      const last = ingress.at(-1);
      if (last && (last['hostname'] || last['path']))
        return refuse(
          400,
          1056,
          'Bad Configuration: The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)',
        );
      if (ingress.some(({ service }) => typeof service !== 'string' || service === ''))
        return refuse(400, 1056, 'Bad Configuration: a service is missing');
      // The real one fills in originRequest where it is absent.
      const filled = ingress.map((rule) => ({ originRequest: {}, ...rule }));
      tunnel.config = { 'warp-routing': { enabled: false }, ...config, ingress: filled };
      tunnel.version++;
      return ok(configBody(tunnel));
    }),
    [`GET ${base}/{tunnel}/connections`]: onTunnel((tunnel) =>
      ok(
        tunnel.connectors.map(({ id, since }) => ({
          id,
          run_at: since,
          arch: 'linux_amd64',
          version: '2026.1.0',
          config_version: tunnel.version,
          features: [],
          conns: connectionsOf(tunnel),
        })),
      ),
    ),
    [`GET ${base}/{tunnel}/token`]: onTunnel((tunnel) =>
      ok(Buffer.from(JSON.stringify({ a: tunnel.account, t: tunnel.id, s: 'ZmFrZSB0dW5uZWwgc2VjcmV0' })).toString('base64')),
    ),
  };
}

function configBody(tunnel: FakeTunnel): unknown {
  return {
    account_id: tunnel.account,
    tunnel_id: tunnel.id,
    version: tunnel.version,
    config: tunnel.config ?? { ingress: [] },
    source: 'cloudflare',
    created_at: tunnel.createdAt,
  };
}

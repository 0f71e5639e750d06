import type { FakeAnswer, FakeRequest } from '../routes.js';
import type { FakeRecord, FakeTunnel, FakeZone } from './state.js';

export function ok(result: unknown, info?: unknown): FakeAnswer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...(info === undefined ? {} : { result_info: info }) } };
}

export function refuse(status: number, code: number, message: string): FakeAnswer {
  return { status, body: failure(code, message) };
}

export function failure(code: number, message: string): unknown {
  return { success: false, errors: [{ code, message }], messages: [], result: null };
}

/** One page of a list. */
export function paged<T>(
  { query }: FakeRequest,
  items: T[],
  show: (item: T) => unknown,
  mostPerPage: number,
  perPageDefault: number,
): FakeAnswer {
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? perPageDefault);
  if (!Number.isInteger(page) || page < 1 || !Number.isInteger(perPage) || perPage < 1 || perPage > mostPerPage)
    return refuse(400, 1004, `per_page must be from 1 to ${mostPerPage}`);
  const shown = items.slice((page - 1) * perPage, page * perPage).map(show);
  const total = items.length;
  return ok(shown, {
    page,
    per_page: perPage,
    count: shown.length,
    total_count: total,
    total_pages: Math.max(1, Math.ceil(total / perPage)),
  });
}

export function zoneBody(zone: FakeZone, account: { id: string; name: string }): unknown {
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: false,
    type: 'full',
    development_mode: 0,
    name_servers: ['ada.ns.example.net', 'bob.ns.example.net'],
    original_name_servers: ['ns1.example.org', 'ns2.example.org'],
    original_registrar: 'Example Registrar',
    original_dnshost: 'Example Host',
    activated_on: '2026-01-01T00:00:00.000000Z',
    created_on: '2026-01-01T00:00:00.000000Z',
    modified_on: '2026-01-01T00:00:00.000000Z',
    meta: {
      cdn_only: false,
      custom_certificate_quota: 1,
      dns_only: false,
      foundation_dns: false,
      page_rule_quota: 3,
      phishing_detected: false,
      step: 4,
    },
    owner: { id: account.id, type: 'organization', name: account.name },
    account: { id: account.id, name: account.name },
    plan: { id: 'free', name: 'Free Website', price: 0, currency: 'USD', is_subscribed: false, can_subscribe: false, legacy_id: 'free' },
  };
}

export function recordBody(record: FakeRecord): unknown {
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    content: record.content,
    proxiable: isProxiable(record.type),
    proxied: record.proxied,
    ttl: record.ttl,
    ...(record.priority === undefined ? {} : { priority: record.priority }),
    settings: {},
    meta: {},
    comment: record.comment,
    tags: record.tags,
    created_on: record.createdOn,
    modified_on: record.modifiedOn,
  };
}

export function isProxiable(type: string): boolean {
  return ['A', 'AAAA', 'CNAME'].includes(type);
}

function tunnelStatus(tunnel: FakeTunnel): 'healthy' | 'down' | 'inactive' {
  if (tunnel.connectors.length > 0) return 'healthy';
  return tunnel.ran ? 'down' : 'inactive';
}

export function tunnelBody(tunnel: FakeTunnel): unknown {
  return {
    id: tunnel.id,
    account_tag: tunnel.account,
    name: tunnel.name,
    created_at: tunnel.createdAt,
    deleted_at: tunnel.deletedAt,
    conns_active_at: tunnel.connectors[0]?.since ?? null,
    conns_inactive_at: null,
    connections: connectionsOf(tunnel),
    status: tunnelStatus(tunnel),
    tun_type: 'cfd_tunnel',
    remote_config: tunnel.source === 'cloudflare',
    config_src: tunnel.source,
    metadata: {},
  };
}

export function connectionsOf(tunnel: FakeTunnel): unknown[] {
  return tunnel.connectors.map(({ id, since }) => ({
    id,
    uuid: id,
    client_id: id,
    client_version: '2026.1.0',
    colo_name: 'zrh01',
    is_pending_reconnect: false,
    opened_at: since,
    origin_ip: '192.0.2.1',
  }));
}

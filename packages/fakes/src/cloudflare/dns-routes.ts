import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { isProxiable, ok, paged, recordBody, refuse } from './answers.js';
import type { CloudflareState, FakeRecord, FakeZone } from './state.js';

const longestComment = 100;
const types = [
  'A',
  'AAAA',
  'CAA',
  'CERT',
  'CNAME',
  'DNSKEY',
  'DS',
  'HTTPS',
  'LOC',
  'MX',
  'NAPTR',
  'NS',
  'OPENPGPKEY',
  'PTR',
  'SMIMEA',
  'SRV',
  'SSHFP',
  'SVCB',
  'TLSA',
  'TXT',
  'URI',
];

interface RecordFields {
  name?: string;
  type?: string;
  content?: string;
  ttl?: number;
  proxied?: boolean;
  priority?: number | undefined;
  comment?: string | null;
  tags?: string[];
}

/** The routes of DNS records, under a zone's path. */
export function dnsRoutes(state: CloudflareState): FakeRoutes {
  const inZone =
    (answer: (zone: FakeZone, request: FakeRequest) => FakeAnswer) =>
    (request: FakeRequest): FakeAnswer => {
      const zone = state.zones.find(({ id }) => id === request.params['zone']);
      return zone ? answer(zone, request) : refuse(404, 7003, 'Could not route to /zones: perhaps your object identifier is invalid?');
    };
  const onRecord = (answer: (record: FakeRecord, zone: FakeZone, request: FakeRequest) => FakeAnswer) =>
    inZone((zone, request) => {
      const record = state.records.get(request.params['record']!);
      return record && record.zone === zone.id ? answer(record, zone, request) : refuse(404, 81044, 'Record does not exist.');
    });
  const change = (record: FakeRecord, zone: FakeZone, fields: RecordFields): FakeAnswer => {
    const wanted = { ...record, ...fields };
    const problem = problemOf(state, zone, wanted, record.id);
    if (problem) return problem;
    Object.assign(record, normal(zone, wanted), { modifiedOn: state.now() });
    return ok(recordBody(record));
  };
  return {
    'GET /client/v4/zones/{zone}/dns_records': inZone((zone, request) => {
      const found = state.recordsOf(zone).filter((record) =>
        (['name', 'type', 'content', 'comment'] as const).every((field) => {
          const wanted = request.query.get(field) ?? request.query.get(`${field}.exact`);
          return wanted === null || (record[field] ?? '').toLowerCase() === wanted.toLowerCase();
        }),
      );
      return paged(request, found, recordBody, 5_000_000, 100);
    }),
    'POST /client/v4/zones/{zone}/dns_records': inZone((zone, { body }) => {
      const fields = (body ?? {}) as RecordFields;
      const problem = problemOf(state, zone, fields, undefined);
      if (problem) return problem;
      return ok(recordBody(state.addRecord(zone, normal(zone, fields))));
    }),
    'GET /client/v4/zones/{zone}/dns_records/{record}': onRecord((record) => ok(recordBody(record))),
    'PUT /client/v4/zones/{zone}/dns_records/{record}': onRecord((record, zone, { body }) =>
      change({ ...record, ttl: 1, proxied: false, comment: null, tags: [] }, zone, body as RecordFields),
    ),
    'PATCH /client/v4/zones/{zone}/dns_records/{record}': onRecord((record, zone, { body }) => change(record, zone, body as RecordFields)),
    'DELETE /client/v4/zones/{zone}/dns_records/{record}': onRecord((record) => {
      state.records.delete(record.id);
      return ok({ id: record.id });
    }),
  };
}

function problemOf(state: CloudflareState, zone: FakeZone, fields: RecordFields, self: string | undefined): FakeAnswer | undefined {
  const { type = '', content = '' } = fields;
  if (!types.includes(type)) return refuse(400, 1004, 'DNS Validation Error: type is not one that is known.');
  if (!fields.name) return refuse(400, 9000, 'DNS name is invalid.');
  if (content === '') return refuse(400, 1004, 'DNS Validation Error: content is missing.');
  if (type === 'A' && !/^(\d{1,3}\.){3}\d{1,3}$/.test(content))
    return refuse(400, 9005, 'Content for A record must be a valid IPv4 address.');
  if (type === 'AAAA' && !content.includes(':')) return refuse(400, 9006, 'Content for AAAA record must be a valid IPv6 address.');
  if (type === 'MX' && fields.priority === undefined) return refuse(400, 9101, 'priority is a required field for MX records.');
  if ((fields.comment ?? '').length > longestComment) return refuse(400, 9313, `Comment exceeds ${longestComment} characters.`);
  if (fields.proxied && !isProxiable(type)) return refuse(400, 9004, 'This record type cannot be proxied.');
  const name = whole(fields.name, zone);
  if (type === 'CNAME' && content.toLowerCase() === name) return refuse(400, 9039, 'A CNAME cannot reference itself.');
  const others = state.recordsOf(zone).filter((record) => record.id !== self && record.name === name);
  if (others.some((record) => record.type === type && record.content === content))
    return refuse(400, 81058, 'An identical record already exists.');
  const clash = (a: string, b: string) => a === 'CNAME' && ['A', 'AAAA', 'CNAME'].includes(b);
  if (others.some((record) => clash(type, record.type) || clash(record.type, type)))
    return refuse(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.');
  return undefined;
}

function normal(zone: FakeZone, fields: RecordFields) {
  const proxied = fields.proxied ?? false;
  return {
    name: whole(fields.name!, zone),
    type: fields.type!,
    content: ['CNAME', 'MX', 'NS'].includes(fields.type!) ? fields.content!.toLowerCase().replace(/\.$/, '') : fields.content!,
    ttl: proxied ? 1 : (fields.ttl ?? 1),
    proxied,
    priority: fields.priority,
    comment: fields.comment || null,
    tags: fields.tags ?? [],
  };
}

function whole(name: string, zone: FakeZone): string {
  const lower = name.toLowerCase();
  if (lower === '@') return zone.name;
  return lower === zone.name || lower.endsWith(`.${zone.name}`) ? lower : `${lower}.${zone.name}`;
}

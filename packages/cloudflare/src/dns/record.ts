import { createHash } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { RemoteRecord } from '../api/answers.js';
import { dnsName, nameIn } from './name.js';

/** Types of records that can be written; others can be listed. */
export const recordTypes = ['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'NS'] as const;
export type RecordType = (typeof recordTypes)[number];

/** `wanted`: being made or changed, or that was broken off; `live`: was seen as it should be; `deleting`: on its way out. */
export type RecordState = 'wanted' | 'live' | 'deleting';

/** What a record is to be. */
export interface RecordWish {
  name: string;
  type: RecordType;
  content: string;
  /** Seconds, or 1 for automatic, which proxied ones always have. */
  ttl?: number | undefined;
  proxied?: boolean | undefined;
  /** Of an MX record. */
  priority?: number | undefined;
  note?: string | undefined;
}

/** What a record was seen to be. */
export interface Observed {
  content: string;
  ttl: number;
  proxied: boolean;
  priority: number | null;
  comment: string;
}

export type Desired = Omit<Observed, 'comment'> & { name: string; type: string; note: string };

const proxiable: readonly string[] = ['A', 'AAAA', 'CNAME'];
// A name has one of each of these; of the others as many as there are contents.
const single: readonly string[] = ['A', 'AAAA', 'CNAME'];
// Their content is a name.
const named: readonly string[] = ['CNAME', 'MX', 'NS'];
/** Cloudflare cuts comments there on its smallest plan. */
export const longestComment = 100;
const mark = 'supervisor:';

/** Fills in what was left out. @throws SupervisorError `invalid_input` where the parts do not fit together */
export function desiredOf(wish: RecordWish): Desired {
  const { name, type, note = '' } = wish;
  const proxied = wish.proxied ?? false;
  if (proxied && !proxiable.includes(type)) throw invalid(`A record of type ${type} cannot be proxied.`);
  if (type === 'MX' && wish.priority === undefined) throw invalid('An MX record needs a priority, such as 10.');
  if (type !== 'MX' && wish.priority !== undefined) throw invalid('Only an MX record has a priority.');
  if (proxied && wish.ttl !== undefined && wish.ttl !== 1) throw invalid('A proxied record has the automatic ttl, 1.');
  const content = named.includes(type) ? dnsName(wish.content) : canonical(type, wish.content);
  if (type === 'CNAME' && content === dnsName(name)) throw invalid('A CNAME cannot point to itself.');
  return { name: dnsName(name), type, content, ttl: wish.ttl ?? 1, proxied, priority: wish.priority ?? null, note };
}

/** What tells a record from the others of its zone. */
export function slotOf({ name, type, content }: Pick<Desired, 'name' | 'type' | 'content'>): string {
  if (single.includes(type)) return `${type} ${name}`;
  return `${type} ${name} ${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Whether a record that is not ours stands where ours would. */
export function isInTheWay(remote: Observed & { type: string }, wish: Pick<Desired, 'type' | 'content'>): boolean {
  const both = single.includes(remote.type) && single.includes(wish.type);
  if (both && (remote.type === 'CNAME' || wish.type === 'CNAME')) return true;
  return remote.type === wish.type && (both || remote.content === wish.content);
}

/** The comment of a record that is ours. */
function commentOf(id: string, note: string): string {
  return `${mark}${id} ${note}`.trim().slice(0, longestComment);
}

/** The id that a comment carries, and the words besides. */
export function readComment(comment: string): { id?: string; note: string } {
  const [, id, note] = /^supervisor:([0-9a-f-]{36})(?: (.*))?$/su.exec(comment) ?? [];
  return id === undefined ? { note: comment } : { id, note: note ?? '' };
}

export function observedOf(remote: RemoteRecord): Observed {
  return {
    content: canonical(remote.type, remote.content ?? ''),
    ttl: remote.ttl ?? 1,
    proxied: remote.proxied ?? false,
    priority: remote.priority ?? null,
    comment: remote.comment ?? '',
  };
}

/** The fields in which a record is not as it should be. */
export function driftOf(id: string, desired: Desired, seen: Observed): string[] {
  const fields = ['content', 'ttl', 'proxied', 'priority'] as const;
  // Rows from before there was one way of writing.
  const wanted = { ...desired, content: canonical(desired.type, desired.content) };
  const drifted: string[] = fields.filter((field) => wanted[field] !== seen[field]);
  return seen.comment === commentOf(id, desired.note) ? drifted : [...drifted, 'comment'];
}

/** What is sent to make or change a record. */
export function bodyOf(id: string, desired: Desired): Record<string, unknown> {
  const { name, type, ttl, proxied, priority, note } = desired;
  const content = canonical(type, desired.content);
  return {
    name,
    type,
    // Their description asks for quotes.
    content: type === 'TXT' ? `"${content.replace(/["\\]/g, '\\$&')}"` : content,
    ttl,
    ...(proxiable.includes(type) ? { proxied } : {}),
    ...(priority === null ? {} : { priority }),
    comment: commentOf(id, note),
  };
}

/** The zone's own name servers and its SOA: whoever changes them loses the zone. @throws SupervisorError `protected` */
export function refuseRoot(name: string, type: string, zone: string): void {
  if (name === zone && (type === 'NS' || type === 'SOA'))
    throw new SupervisorError('protected', `${type} of ${zone} keeps the zone itself alive. Supervisor never touches it.`);
}

/** A content in the one way it is compared and kept: Cloudflare shows some otherwise than they were given. */
export function canonical(type: string, content: string): string {
  if (type === 'TXT') return unquoted(content);
  if (type === 'AAAA' && URL.canParse(`http://[${content}]`)) return new URL(`http://[${content}]`).hostname.slice(1, -1);
  return named.includes(type) ? nameIn(content) : content;
}

// With or without quotes, and a long text in pieces of 255 bytes.
function unquoted(text: string): string {
  const piece = /"((?:[^"\\]|\\.)*)"/gs;
  if (text.replace(piece, '').trim() !== '' || !text.includes('"')) return text;
  return [...text.matchAll(piece)].map(([, inner]) => inner!.replace(/\\(.)/gs, '$1')).join('');
}

function invalid(message: string): SupervisorError {
  return new SupervisorError('invalid_input', message);
}

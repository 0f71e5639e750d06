import { createHmac, randomBytes } from 'node:crypto';
import { findAssignments } from './assignments.js';
import { authorization, connectionUrl, patterns } from './patterns.js';
import { isPlaceholder, looksRandom } from './worth.js';

/** Where a text seems to hold a secret, and what of. Never the value. */
export interface Detection {
  /** Of the value, in UTF-16 units. */
  start: number;
  end: number;
  /** Counted from 1. */
  line: number;
  /** As a secret's `type`: api_key, token, password, private_key, webhook or jwt. */
  kind: string;
  /** Whose it is; null when only a name says that it is secret. */
  provider: string | null;
  /** `provider/name`, to go behind a project. */
  proposedPath: string;
  /** Equal for equal values under one salt; of no use without it. */
  fingerprint: string;
}

export interface DetectOptions {
  /** Its extension says whether a bare word is a value. */
  file?: string | undefined;
  /** Absent: one that this process made up, so fingerprints compare within it only. */
  salt?: string | Buffer | undefined;
}

type Candidate = Omit<Detection, 'line' | 'fingerprint'>;

const ownSalt = randomBytes(32);

/** Finds keys by the forms that their providers document, and values beside names that promise one. Placeholders are not reported. */
export function detectSecrets(text: string, { file, salt = ownSalt }: DetectOptions = {}): Detection[] {
  const found: Candidate[] = [];
  const add = (candidate: Candidate) => {
    if (!found.some(({ start, end }) => candidate.start < end && start < candidate.end)) found.push(candidate);
  };
  for (const candidate of candidates(text, file)) add(candidate);
  const lineOf = lineCounter(text);
  return found
    .toSorted((a, b) => a.start - b.start)
    .map((candidate) => ({
      ...candidate,
      line: lineOf(candidate.start),
      fingerprint: createHmac('sha256', salt).update(text.slice(candidate.start, candidate.end)).digest('hex').slice(0, 16),
    }));
}

// The more certain ones first: of two at one place the first stays.
function* candidates(text: string, file?: string): Generator<Candidate> {
  for (const { provider, kind, name, form } of patterns) {
    for (const match of text.matchAll(form)) {
      const value = match[1] ?? match[0];
      if (kind !== 'private_key' && isPlaceholder(value)) continue;
      const start = match.index + match[0].indexOf(value);
      yield { start, end: start + value.length, kind, provider, proposedPath: `${provider}/${name}` };
    }
  }
  for (const match of text.matchAll(connectionUrl)) {
    const [whole, scheme, password] = match as unknown as [string, string, string];
    if (isPlaceholder(password)) continue;
    const start = match.index + whole.lastIndexOf(`${password}@`);
    const provider = scheme.toLowerCase().replace(/\+.*$/, '').replace('postgresql', 'postgres');
    yield { start, end: start + password.length, kind: 'password', provider, proposedPath: `${provider}/password` };
  }
  for (const { name, ...assignment } of findAssignments(text, file)) {
    yield { ...assignment, provider: null, proposedPath: pathFor(name) };
  }
  for (const match of text.matchAll(authorization)) {
    const value = match[1]!;
    if (isPlaceholder(value) || !looksRandom(value)) continue;
    const start = match.index + match[0].length - value.length;
    yield { start, end: start + value.length, kind: 'token', provider: null, proposedPath: 'http/token' };
  }
}

// STRIPE_SECRET_KEY is stripe/secret_key.
function pathFor(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  const [first = 'app', ...rest] = words;
  return rest.length === 0 || /^(?:api|access|client|private|secret|auth|token|key|password)$/.test(first)
    ? `app/${words.join('_')}`
    : `${first}/${rest.join('_')}`;
}

function lineCounter(text: string): (position: number) => number {
  let line = 1;
  let seen = 0;
  return (position) => {
    for (let at = text.indexOf('\n', seen); at !== -1 && at < position; at = text.indexOf('\n', seen)) {
      line += 1;
      seen = at + 1;
    }
    return line;
  };
}

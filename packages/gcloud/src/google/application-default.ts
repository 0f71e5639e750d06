import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import type { Transport } from './client.js';
import { parseServiceAccountKey, signToken, tokenSeconds } from './service-account.js';

/** Where application-default credentials are looked for. */
export interface DefaultCredentials {
  /** The file that `GOOGLE_APPLICATION_CREDENTIALS` names. When absent: the one `gcloud auth application-default login` writes. */
  file?: string | undefined;
  /** `GCE_METADATA_HOST`: the metadata server, `host` or `host:port`; Google's own when absent. */
  metadataHost?: string | undefined;
  /** Where a person's refresh token is turned into a token; Google's when absent. */
  tokenUrl?: string | undefined;
}

export interface Token {
  value: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Whose it is, where that is known. */
  identity: string | null;
}

const person = z.object({
  type: z.literal('authorized_user'),
  client_id: z.string(),
  client_secret: z.string(),
  refresh_token: z.string(),
});
const kind = z.object({ type: z.string() });
const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** In Google's order: the file that is named, the file of this user, the metadata server of the machine. */
export async function applicationDefaultToken(
  where: DefaultCredentials,
  scopes: readonly string[],
  { fetch, now }: Transport,
): Promise<Token> {
  const text = await readCredentials(where.file);
  if (text === undefined) return metadataToken(where.metadataHost ?? 'metadata.google.internal', scopes, fetch, now());
  const { type } = parseOr(kind, text, 'The application-default credentials are not readable');
  if (type === 'service_account') {
    const key = parseServiceAccountKey(text);
    const seconds = Math.floor(now() / 1000);
    return { value: signToken(key, scopes, seconds), expiresAt: (seconds + tokenSeconds) * 1000, identity: key.client_email };
  }
  if (type !== 'authorized_user')
    throw unusable(`Application-default credentials of type ${JSON.stringify(type.slice(0, 40))} are not supported`);
  const { client_id, client_secret, refresh_token } = parseOr(person, text, 'The application-default credentials are not complete');
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id, client_secret, refresh_token });
  const given = await ask(fetch, where.tokenUrl ?? 'https://oauth2.googleapis.com/token', { method: 'POST', body: form });
  return { value: given.access_token, expiresAt: now() + given.expires_in * 1000, identity: null };
}

async function metadataToken(host: string, scopes: readonly string[], fetch: Transport['fetch'], now: number): Promise<Token> {
  if (!/^(metadata\.google\.internal|169\.254\.169\.254|localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d{1,5})?$/.test(host))
    throw unusable('GCE_METADATA_HOST must be the metadata server of this machine');
  const base = `http://${host}/computeMetadata/v1/instance/service-accounts/default`;
  const headers = { 'metadata-flavor': 'Google' };
  const given = await ask(fetch, `${base}/token?scopes=${encodeURIComponent(scopes.join(','))}`, { headers });
  const email = await fetch(`${base}/email`, { headers, redirect: 'error', signal: AbortSignal.timeout(5000) })
    .then((response) => (response.ok ? response.text() : null))
    .catch(() => null);
  return { value: given.access_token, expiresAt: now + given.expires_in * 1000, identity: email };
}

async function ask(fetch: Transport['fetch'], url: string, init: RequestInit): Promise<z.infer<typeof answer>> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(5000) });
  } catch {
    throw unusable(`No application-default credentials: there is no file, and ${new URL(url).host} does not answer`);
  }
  const parsed = answer.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !parsed.success) throw unusable(`${new URL(url).host} gave no token (${response.status})`);
  return parsed.data;
}

async function readCredentials(file: string | undefined): Promise<string | undefined> {
  const path = file ?? join(homedir(), '.config/gcloud/application_default_credentials.json');
  try {
    return await readFile(path, 'utf8');
  } catch {
    if (file === undefined) return undefined;
    throw unusable('The file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read');
  }
}

function parseOr<Shape extends z.ZodType>(shape: Shape, text: string, message: string): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw unusable(message);
  }
}

function unusable(what: string): SupervisorError {
  return new SupervisorError(
    'forbidden',
    `${what}. Run gcloud auth application-default login, or store a service-account key as a secret and name it in the account.`,
  );
}

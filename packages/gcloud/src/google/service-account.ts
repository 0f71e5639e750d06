import { createPrivateKey, sign } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import { z } from 'zod';

const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3).max(320),
  private_key: z.string().min(1),
  private_key_id: z.string().min(1).max(200),
});

export type ServiceAccountKey = z.infer<typeof keyFile>;

/** Seconds a token holds: the longest that Google accepts. */
export const tokenSeconds = 3600;

/**
 * The key out of the JSON that Google Cloud gives for download.
 * @throws SupervisorError `invalid_input`, without a word of the text
 */
export function parseServiceAccountKey(text: string): ServiceAccountKey {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notAKey();
  }
  const parsed = keyFile.safeParse(json);
  if (!parsed.success) throw notAKey();
  return parsed.data;
}

/**
 * A token that the account signs for itself (AIP-4111): no token server is asked.
 * @param now seconds since 1970
 */
export function signToken(key: ServiceAccountKey, scopes: readonly string[], now: number): string {
  const header = { alg: 'RS256', typ: 'JWT', kid: key.private_key_id };
  const claims = { iss: key.client_email, sub: key.client_email, scope: scopes.join(' '), iat: now, exp: now + tokenSeconds };
  const text = `${encode(header)}.${encode(claims)}`;
  try {
    return `${text}.${sign('sha256', Buffer.from(text), createPrivateKey(key.private_key)).toString('base64url')}`;
  } catch {
    throw notAKey();
  }
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function notAKey(): SupervisorError {
  return new SupervisorError(
    'invalid_input',
    'The secret is not a service-account key. Store the JSON file that Google Cloud gives for it, whole, and name its path.',
  );
}

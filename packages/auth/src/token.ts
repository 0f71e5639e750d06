import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `sup_<id>_<secret>_<checksum>`: the id finds the row, 32 random bytes prove it, the checksum lets scanners and us
 * tell a slip from a wrong token.
 */
export interface Token {
  id: string;
  secret: string;
}

const form = /^sup_([0-9a-f]{12})_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/;

export function newToken(): Token {
  return { id: randomBytes(6).toString('hex'), secret: randomBytes(32).toString('base64url') };
}

export function formatToken({ id, secret }: Token): string {
  const body = `sup_${id}_${secret}`;
  return `${body}_${checksum(body)}`;
}

/** Undefined for anything that is not a whole, unmistyped token. */
export function parseToken(text: string): Token | undefined {
  const [, id, secret, sum] = form.exec(text) ?? [];
  if (!id || !secret || checksum(`sup_${id}_${secret}`) !== sum) return undefined;
  return { id, secret };
}

/** What is stored of a token. Without the pepper it cannot be checked against guesses. */
export function hashToken(pepper: Buffer, { id, secret }: Token): Buffer {
  return createHmac('sha256', pepper).update(`${id}.${secret}`).digest();
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

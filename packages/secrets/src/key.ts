import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';

/** A master key, as the two things it is used for. The master itself is not kept. */
export interface EncryptionKey {
  /** Eight bytes that name the key without giving it away; shown as its fingerprint. */
  id: Buffer;
  fingerprint: string;
  /** Wraps the data key of every secret version. */
  kek: KeyObject;
}

const keyLength = 32;

// The example key of the service this one replaces: everybody who read its documents has it.
const published = Buffer.from('ead0721a', 'hex');

/**
 * Reads a master key: 32 bytes as 64 hex digits or as base64.
 * @throws SupervisorError `invalid_input` when it has another length, is one byte over and over, or was published.
 */
export function parseKey(text: string | undefined): EncryptionKey {
  if (!text) throw refused('There is no encryption key. Set ENCRYPTION_KEY to 64 hex digits, such as `openssl rand -hex 32` prints.');
  const trimmed = text.trim();
  const master = /^[0-9a-f]{64}$/i.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : /^[A-Za-z0-9+/]{43}=$/.test(trimmed)
      ? Buffer.from(trimmed, 'base64')
      : null;
  if (master?.length !== keyLength) {
    throw refused(
      `The encryption key must be 32 bytes: 64 hex digits, or 44 characters of base64. This one has ${trimmed.length} characters.`,
    );
  }
  if (master.every((byte) => byte === master[0]))
    throw refused('The encryption key is one byte over and over. Make one with `openssl rand -hex 32`.');
  if (master.subarray(0, published.length).equals(published)) {
    throw refused('This encryption key was printed in a public document. Make one with `openssl rand -hex 32`.');
  }
  const key = deriveKey(master);
  master.fill(0);
  return key;
}

function deriveKey(master: Buffer): EncryptionKey {
  const id = Buffer.from(hkdfSync('sha256', master, '', 'supervisor/kid/v1', 8));
  const kek = createSecretKey(Buffer.from(hkdfSync('sha256', master, '', 'supervisor/kek/v1', keyLength)));
  return { id, fingerprint: id.toString('hex'), kek };
}

function refused(message: string): SupervisorError {
  return new SupervisorError('invalid_input', message);
}

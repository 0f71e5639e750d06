/**
 * Envelope v1: one fresh data key per secret version seals the value; the key-encryption key wraps the data key.
 *
 *     version 1 | suite 1 | key id 8 | wrap IV 12 | wrapped key 32 | wrap tag 16 | value IV 12 | ciphertext | value tag 16
 *
 * What a value belongs to is authenticated with it, so that rows cannot be swapped; changing the master key rewraps
 * the data key and never sees the value. AES-256-GCM as in NIST SP 800-38D, always with full 16-byte tags.
 */
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { EncryptionKey } from './key.js';

/** What a sealed value is tied to. */
export interface Binding {
  secretId: string;
  path: string;
  version: number;
  exposure: string;
}

/** What the data key is tied to; the path is for the message. */
type WrapBinding = Pick<Binding, 'secretId' | 'path' | 'version'>;

const version = 1;
const suite = 1;
const sizes = { header: 2, keyId: 8, iv: 12, key: 32, tag: 16 };
const wrapStart = sizes.header + sizes.keyId;
const valueStart = wrapStart + sizes.iv + sizes.key + sizes.tag;
/** Bytes an envelope is longer than its value. */
export const overhead = valueStart + sizes.iv + sizes.tag;

export function seal(key: EncryptionKey, value: Buffer, binding: Binding): Buffer {
  const dataKey = randomBytes(sizes.key);
  try {
    const wrapped = encrypt(key.kek, dataKey, wrapContext(key.id, binding));
    const sealed = encrypt(dataKey, value, valueContext(binding));
    return Buffer.concat([Buffer.from([version, suite]), key.id, wrapped, sealed]);
  } finally {
    dataKey.fill(0);
  }
}

/**
 * Opens an envelope with the key it names.
 * @throws SupervisorError `wrong_key` when none of the keys is the one it names, `conflict` when it was tampered with.
 */
export function open(keys: readonly EncryptionKey[], envelope: Buffer, binding: Binding): Buffer {
  const dataKey = unwrap(keys, envelope, binding);
  try {
    return decrypt(dataKey, envelope.subarray(valueStart), valueContext(binding));
  } catch {
    throw tampered(binding);
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The same envelope with its data key wrapped by another key; the value is not opened.
 * @throws SupervisorError as `open`
 */
export function rewrap(keys: readonly EncryptionKey[], to: EncryptionKey, envelope: Buffer, binding: WrapBinding): Buffer {
  const dataKey = unwrap(keys, envelope, binding);
  try {
    const wrapped = encrypt(to.kek, dataKey, wrapContext(to.id, binding));
    return Buffer.concat([Buffer.from([version, suite]), to.id, wrapped, envelope.subarray(valueStart)]);
  } finally {
    dataKey.fill(0);
  }
}

function unwrap(keys: readonly EncryptionKey[], envelope: Buffer, binding: WrapBinding): Buffer {
  if (envelope.length < overhead || envelope[0] !== version || envelope[1] !== suite) throw tampered(binding);
  const id = envelope.subarray(sizes.header, wrapStart);
  const key = keys.find((candidate) => candidate.id.equals(id));
  if (!key)
    throw new SupervisorError(
      'wrong_key',
      `${binding.path} is sealed under the key with fingerprint ${id.toString('hex')}, which this process does not have.`,
    );
  try {
    return decrypt(key.kek, envelope.subarray(wrapStart, valueStart), wrapContext(id, binding));
  } catch {
    throw tampered(binding);
  }
}

function encrypt(key: Buffer | KeyObject, plain: Buffer, context: Buffer): Buffer {
  const iv = randomBytes(sizes.iv);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: sizes.tag }).setAAD(context);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer | KeyObject, sealed: Buffer, context: Buffer): Buffer {
  const iv = sealed.subarray(0, sizes.iv);
  const tag = sealed.subarray(sealed.length - sizes.tag);
  // Without authTagLength Node would also accept a tag cut down to four bytes.
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: sizes.tag }).setAAD(context).setAuthTag(tag);
  const plain = decipher.update(sealed.subarray(sizes.iv, sealed.length - sizes.tag));
  try {
    decipher.final();
  } catch (error) {
    plain.fill(0);
    throw error;
  }
  return plain;
}

function wrapContext(keyId: Buffer, { secretId, version }: WrapBinding): Buffer {
  return context([keyId, secretId, String(version)]);
}

function valueContext({ secretId, path, version, exposure }: Binding): Buffer {
  return context([secretId, path, String(version), exposure]);
}

// Each part with its length, so that no two lists of parts give the same bytes.
function context(parts: (string | Buffer)[]): Buffer {
  const lengths = parts.map((part) => Buffer.byteLength(part));
  const all = Buffer.alloc(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  for (const [index, part] of parts.entries()) {
    at = all.writeUInt32BE(lengths[index]!, at);
    at += typeof part === 'string' ? all.write(part, at) : part.copy(all, at);
  }
  return all;
}

function tampered({ path }: WrapBinding): SupervisorError {
  return new SupervisorError(
    'conflict',
    `The stored value of ${path} fails its authentication: it was damaged or exchanged. Store it again, or restore a backup.`,
    {
      reason: 'tampered',
    },
  );
}

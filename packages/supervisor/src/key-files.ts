import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { SupervisorError, type Home } from '@supervisor/core';
import { parseKey } from '@supervisor/secrets';
import type { Decision } from './decide.js';

/** The home's own key, the one that comes after it, and the one that was before it. */
export function keyFiles(home: Home): { current: string; next: string; previous: string } {
  const current = home.encryptionKey;
  return { current, next: `${current}.next`, previous: `${current}.previous` };
}

/** Where a retired key is kept: a start reads it only while the database needs that key, as after a restore. */
export function retiredKeyFile(home: Home, fingerprint: string): string {
  return `${home.encryptionKey}.retired-${fingerprint}`;
}

/** Reads a file that holds a key. @throws SupervisorError `forbidden` when others than its owner may read it */
export function readPrivateFile(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new SupervisorError('wrong_key', `The key file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  try {
    if ((fstatSync(file).mode & 0o077) !== 0)
      throw new SupervisorError(
        'forbidden',
        `${path} holds a key, and others than its owner may read it. Run chmod 600 ${path}, then start again.`,
      );
    return readFileSync(file, 'utf8').trim();
  } finally {
    closeSync(file);
  }
}

/** Makes the key of an embedded home. Only its owner can read the file. */
export function generateKey(home: Home): NonNullable<Decision['key']> {
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  writeNewKey(home.encryptionKey);
  return { text: readPrivateFile(home.encryptionKey), from: { file: home.encryptionKey } };
}

/** Makes the key that a rotation goes to, unless it is there already and still to come. @returns its fingerprint */
export function generateNextKey(home: Home, isPast: (fingerprint: string) => boolean = () => false): string {
  const { next } = keyFiles(home);
  if (!existsSync(next) || isPast(parseKey(readPrivateFile(next)).fingerprint)) writeNewKey(next);
  return parseKey(readPrivateFile(next)).fingerprint;
}

/** Makes the next key the home's key. At every moment, also after a crash, all of them are in files that a start reads. */
export function promoteNextKey(home: Home): void {
  const { current, next, previous } = keyFiles(home);
  rmSync(previous, { force: true });
  linkSync(current, previous);
  renameSync(next, current);
  syncFolder(home.encryptionKey);
}

/** Removes the file of a key that is retired. */
export function removePreviousKey(home: Home, fingerprint: string): void {
  const { previous } = keyFiles(home);
  if (existsSync(previous) && parseKey(readPrivateFile(previous)).fingerprint === fingerprint) rmSync(previous);
}

/** Keeps the file of a retired key under its fingerprint. */
export function setAsidePreviousKey(home: Home, fingerprint: string): void {
  const { previous } = keyFiles(home);
  if (existsSync(previous) && parseKey(readPrivateFile(previous)).fingerprint === fingerprint)
    renameSync(previous, retiredKeyFile(home, fingerprint));
}

function writeNewKey(path: string): void {
  // On the disk before anything is sealed under it: a crash or a power cut must not leave data without its key.
  const temporary = `${path}.${process.pid}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, `${randomBytes(32).toString('hex')}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  syncFolder(path);
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

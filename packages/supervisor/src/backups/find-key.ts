import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisorError, type Home } from '@supervisor/core';
import { readInstance, type Instance, type Origin } from '@supervisor/db';
import { readBackupHeader } from '@supervisor/db/backup';
import { parseKey, wrongKey } from '@supervisor/secrets';
import { homeReads, keysIn, retiredKeys } from '../decide-key.js';
import { readPrivateFile } from '../key-files.js';

type Key = NonNullable<Instance['key']>;

/** What a backup needs to be opened. */
export interface KeyCheck {
  createdAt: string;
  /** The build that made it. */
  version: string;
  /** By fingerprint; none when it holds no secret. */
  keys: { id: string; here: boolean }[];
}

/** Where a person's settings may name a key: the environment, and the `.env` of Supervisor's own checkout. */
export function keySources(checkout: string): Origin[] {
  return [{ environment: true }, { envFile: join(checkout, '.env') }];
}

/** Tells which keys a backup needs and whether this home or its settings have them. Reads the file's first line only. */
export async function checkKeys(home: Home, checkout: string, file: string): Promise<KeyCheck> {
  const { createdAt, version, keys } = await readBackupHeader(file);
  const found = keysAt(home, readInstance(home), keySources(checkout), keys);
  return { createdAt, version, keys: keys.map((id) => ({ id, here: found.some((key) => key.id === id) })) };
}

/**
 * Finds the keys of a backup wherever this home or its settings have them; a start needs every one.
 * @returns the one to record, which writes from then on: a key of the backup before another; undefined when the backup needs none
 * @throws SupervisorError `wrong_key`, naming the fingerprints that are missing
 */
export function findKey(home: Home, recorded: Instance | null, sources: readonly Origin[], needed: readonly string[]): Key | undefined {
  if (needed.length === 0) return recorded?.key;
  const found = keysAt(home, recorded, sources, needed);
  const missing = needed.filter((id) => !found.some((key) => key.id === id));
  if (missing.length > 0) throw wrongKey(missing, found[0]?.id);
  // What a start finds only to read with is no key of its own: recorded as such, the next start would miss it.
  const writing = found.filter(({ writes }) => writes);
  const wanted = writing.find(({ id }) => needed.includes(id)) ?? writing[0];
  if (!wanted && !recorded?.key)
    throw new SupervisorError(
      'wrong_key',
      `The key ${needed.join(' and ')} is here to read with only, and a home needs one to write with. Give it that one, or another, as ENCRYPTION_KEY. Nothing was changed.`,
      { needed },
    );
  return wanted ? { id: wanted.id, from: wanted.from } : recorded?.key;
}

function keysAt(
  home: Home,
  recorded: Instance | null,
  sources: readonly Origin[],
  needed: readonly string[],
): (Key & { writes: boolean })[] {
  const own = { file: home.encryptionKey };
  const places: Key['from'][] = [...(recorded?.key ? [recorded.key.from] : []), ...sources, own];
  const each = places.map((from) => ({ from, ...keysOf(from) }));
  const texts = [
    ...each.map(({ from, writes }) => ({ from, text: writes, writes: true })),
    ...each.flatMap(({ from, reads }) => reads.map((text) => ({ from, text, writes: false }))),
    ...[...homeReads(home), ...retiredKeys(home, needed)].map((text) => ({ from: own, text, writes: false })),
  ];
  return texts.flatMap(({ text, ...place }) => {
    const id = fingerprintOf(text);
    return id === undefined ? [] : [{ id, ...place }];
  });
}

function keysOf(from: Key['from']): { writes: string; reads: string[] } {
  if ('file' in from) return { writes: existsSync(from.file) ? readPrivateFile(from.file) : '', reads: [] };
  return keysIn(from);
}

function fingerprintOf(text: string): string | undefined {
  try {
    return parseKey(text).fingerprint;
  } catch {
    return undefined;
  }
}

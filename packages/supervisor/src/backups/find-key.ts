import { existsSync, readFileSync } from 'node:fs';
import type { Home } from '@supervisor/core';
import { variablesOf, type Instance, type Origin } from '@supervisor/db';
import { parseKey, wrongKey } from '@supervisor/secrets';

type Key = NonNullable<Instance['key']>;

/**
 * Finds the key of a backup wherever this home or its settings have one; undefined when the backup needs none.
 * @throws SupervisorError `wrong_key`, naming the fingerprint that is needed
 */
export function findKey(home: Home, recorded: Instance | null, sources: readonly Origin[], needed: readonly string[]): Key | undefined {
  if (needed.length === 0) return recorded?.key;
  const places: Key['from'][] = [...(recorded?.key ? [recorded.key.from] : []), ...sources, { file: home.encryptionKey }];
  let other: string | undefined;
  for (const from of places) {
    const id = fingerprintAt(from);
    if (id !== undefined && needed.includes(id)) return { id, from };
    other ??= id;
  }
  throw wrongKey(needed, other);
}

function fingerprintAt(from: Key['from']): string | undefined {
  const text = 'file' in from ? existsSync(from.file) && readFileSync(from.file, 'utf8') : variablesOf(from)['ENCRYPTION_KEY'];
  if (!text) return undefined;
  try {
    return parseKey(text).fingerprint;
  } catch {
    return undefined;
  }
}

import { existsSync } from 'node:fs';
import { SupervisorError, type Home } from '@supervisor/core';
import { howToChange, variablesOf, type DatabaseSettings, type Instance, type Origin } from '@supervisor/db';
import { parseKey, type EncryptionKey } from '@supervisor/secrets';
import type { Decision } from './decide.js';
import { keyFiles, readPrivateFile, retiredKeyFile } from './key-files.js';

type Keys = Pick<Decision, 'key' | 'readKeys'>;

/**
 * Finds the key that writes, `ENCRYPTION_KEY` or the home's own file, and those that only read: `ENCRYPTION_KEY_READ`, and the
 * home's files of a rotation. Each variable may also be given as `…_FILE`.
 * @throws SupervisorError `wrong_key` when none of them is the one that the home recorded
 */
export function decideKeys(home: Home, recorded: Instance | null, sources: Origin[], kind: DatabaseSettings['kind'] | undefined): Keys {
  const known = recorded?.key;
  const origins = known && !('file' in known.from) ? [...sources, known.from] : sources;
  const reading = [...origins.flatMap((from) => keysIn(from).reads), ...homeReads(home)];
  const readKeys = [...new Set(reading)];
  const fingerprints = readKeys.map((text) => parseKey(text).fingerprint);
  const wanted = sources.map((from) => ({ text: keysIn(from).writes, from })).find(({ text }) => text !== '');
  if (!known) {
    const found =
      wanted ?? (existsSync(home.encryptionKey) ? { text: readPrivateFile(home.encryptionKey), from: { file: home.encryptionKey } } : null);
    // A database that is already there says which key it needs: then a bad one is refused once that is known.
    const mayNeedKey = kind === 'postgres' || existsSync(home.data);
    if (found && !mayNeedKey) parseKey(found.text);
    return { key: found, readKeys };
  }
  if (wanted) {
    const { fingerprint } = parseNeededKey(wanted.text, [known.id]);
    if (fingerprint === known.id) return { key: { text: wanted.text, from: known.from }, readKeys };
    if (fingerprints.includes(known.id)) return { key: wanted, readKeys };
    const both = `This home uses the key with fingerprint ${known.id}, but ENCRYPTION_KEY now has ${fingerprint}`;
    throw new SupervisorError('wrong_key', `${both}. To change the key, give the old one as ENCRYPTION_KEY_READ. ${howToChange}`);
  }
  const text = 'file' in known.from ? readOwnFile(home) : keysIn(known.from).writes;
  const where = 'file' in known.from ? known.from.file : 'envFile' in known.from ? known.from.envFile : 'the environment';
  if (!text) {
    // A person may have put it where a home keeps its own.
    const own = readOwnFile(home);
    if (own && parseNeededKey(own, [known.id]).fingerprint === known.id)
      return { key: { text: own, from: { file: home.encryptionKey } }, readKeys };
    const lost = `The key with fingerprint ${known.id} was in ${where} and is not there now`;
    const places = own
      ? `into ENCRYPTION_KEY where you start it. ${home.encryptionKey} holds another key: keep that too`
      : `into ${home.encryptionKey} (chmod 600), or into ENCRYPTION_KEY where you start it`;
    throw new SupervisorError('wrong_key', `${lost}. Put it back: ${places}.`);
  }
  const { fingerprint } = parseNeededKey(text, [known.id]);
  // The other way round after a crash between the files and instance.json: then the home's file is the newer one.
  if (fingerprint === known.id || fingerprints.includes(known.id)) return { key: { text, from: known.from }, readKeys };
  const changed = `This home needs the key with fingerprint ${known.id}, but ${where} now holds ${fingerprint}`;
  throw new SupervisorError('wrong_key', `${changed}. Put the old one back, or give it as ENCRYPTION_KEY_READ.`);
}

/** Reads a key; one of the wrong form is refused with the fingerprints of those that are needed. */
export function parseNeededKey(text: string, needed: readonly string[]): EncryptionKey {
  try {
    return parseKey(text);
  } catch (error) {
    if (!(error instanceof SupervisorError) || needed.length === 0) throw error;
    throw new SupervisorError('wrong_key', `${error.message} The key with fingerprint ${needed.join(' or ')} is needed.`, { needed });
  }
}

/** The key that an origin writes with, empty when it has none, and those that it only reads with. Each may also be in a file of its own. */
export function keysIn(from: Origin): { writes: string; reads: string[] } {
  const variables = variablesOf(from);
  return {
    writes: oneOf(variables, 'ENCRYPTION_KEY'),
    reads: oneOf(variables, 'ENCRYPTION_KEY_READ')
      .split(/[\s,]+/)
      .filter(Boolean),
  };
}

function oneOf(variables: Record<string, string | undefined>, name: string): string {
  const [text, path] = [variables[name], variables[`${name}_FILE`]];
  if (text && path) throw new SupervisorError('invalid_input', `Both ${name} and ${name}_FILE are set. Keep one of them.`);
  return path ? readPrivateFile(path) : (text ?? '');
}

/** The keys of a rotation that lie beside the home's own. */
export function homeReads(home: Home): string[] {
  const { next, previous } = keyFiles(home);
  return [next, previous].filter((path) => existsSync(path)).map(readPrivateFile);
}

/** Those of the keys, named by their fingerprints, that lie in the home as retired ones. */
export function retiredKeys(home: Home, ids: readonly string[]): string[] {
  const files = ids.map((id) => retiredKeyFile(home, id));
  return files.filter((path) => existsSync(path)).map(readPrivateFile);
}

function readOwnFile(home: Home): string {
  return existsSync(home.encryptionKey) ? readPrivateFile(home.encryptionKey) : '';
}

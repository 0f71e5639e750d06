import { existsSync, realpathSync } from 'node:fs';
import { SupervisorError, type Home } from '@supervisor/core';
import { readInstance, variablesOf, writeInstance, type Instance } from '@supervisor/db';
import { parseKey, type Drained, type KeyInfo, type SecretsManager } from '@supervisor/secrets';
import { backupsNeed } from './backups/needed-keys.js';
import {
  generateNextKey,
  keyFiles,
  promoteNextKey,
  readPrivateFile,
  removePreviousKey,
  retiredKeyFile,
  setAsidePreviousKey,
} from './key-files.js';

export interface NewKey {
  id: string;
  file: string;
  /** What a person does next. */
  next: string;
}

/** Changes the key of a home while its service runs. A rotation goes on when its caller leaves, and after a crash. */
export class HomeKeys {
  readonly #ending = new AbortController();
  #rotation: Promise<Drained> | undefined;

  constructor(
    private readonly home: Home,
    private readonly secrets: SecretsManager,
    private readonly from: NonNullable<Instance['key']>['from'],
  ) {}

  get status() {
    return this.secrets.keys.status();
  }

  /**
   * Writes a new key into the home, readable by its owner alone. Repeating it changes nothing until the key is in use.
   * @throws SupervisorError `conflict` when a setting reads the key in use from the file that is to be replaced
   */
  async create(): Promise<NewKey> {
    const file = keyFiles(this.home).next;
    // With keys in the environment the file of the last rotation is still there.
    const past = (await this.status).keys.filter(({ writes, state }) => writes || state !== 'active').map(({ id }) => id);
    const id = generateNextKey(this.home, (fingerprint) => {
      if (!past.includes(fingerprint)) return false;
      if (this.#isNamed(file)) throw stillNamed(file);
      return true;
    });
    const next = this.#inFile
      ? 'Copy the file to where you keep keys, then: supervisor keys rotate'
      : 'Set ENCRYPTION_KEY to what is in the file and ENCRYPTION_KEY_READ to the key of now, restart the service, then: supervisor keys rotate. With several services, give all of them the new one as ENCRYPTION_KEY_READ first. Delete the file when you keep the key elsewhere';
    return { id, file, next };
  }

  /** Makes the new key the one that writes, and moves everything to it. Answers when that is done. */
  async rotate(progress: (done: number, total: number) => void): Promise<Drained & { key: string }> {
    this.#rotation ??= this.#rotate(progress).finally(() => (this.#rotation = undefined));
    const drained = await this.#rotation;
    if (this.#ending.signal.aborted)
      throw new SupervisorError('unavailable', 'The service ends. It goes on with the rotation when it starts again.');
    return { ...drained, key: this.secrets.keyId };
  }

  /** Ends a key for good. The home's file of it goes, unless a backup in the home still needs it: then it is kept beside as `file`. */
  async retire(id: string): Promise<KeyInfo & { file: string | null }> {
    const retired = await this.secrets.keys.retire(id);
    if (await backupsNeed(this.home, id)) setAsidePreviousKey(this.home, id);
    else removePreviousKey(this.home, id);
    const file = retiredKeyFile(this.home, id);
    return { ...retired, file: existsSync(file) ? file : null };
  }

  /** Goes on with a rotation that a crash interrupted. */
  resume(onError: (error: unknown) => void): void {
    this.#rotation = this.secrets.keys.resume(this.#ending.signal).then((drained) => drained ?? { rewrapped: 0, damaged: 0 });
    this.#rotation.catch(onError).finally(() => (this.#rotation = undefined));
  }

  /** Stops between two batches. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#rotation?.catch(() => {});
  }

  // Its file is about to be replaced.
  async #mayForget(id: string): Promise<void> {
    const key = (await this.secrets.keys.status()).keys.find((known) => known.id === id);
    if (!key || key.writes || key.versions === 0) return;
    const message = `${key.versions} versions of secrets still need the key with fingerprint ${id}, in ${keyFiles(this.home).previous}. Store or destroy those secrets, and retire the key first.`;
    throw new SupervisorError('conflict', message);
  }

  #isNamed(file: string): boolean {
    if ('file' in this.from) return false;
    const { ENCRYPTION_KEY_FILE: writes, ENCRYPTION_KEY_READ_FILE: reads } = variablesOf(this.from);
    return [writes, reads].some((path) => path && existsSync(path) && realpathSync(path) === realpathSync(file));
  }

  get #inFile(): boolean {
    return 'file' in this.from;
  }

  async #rotate(progress: (done: number, total: number) => void): Promise<Drained> {
    const { keys } = this.secrets;
    const { next, previous } = keyFiles(this.home);
    if (this.#inFile && existsSync(next)) {
      if (existsSync(previous)) await this.#mayForget(parseKey(readPrivateFile(previous)).fingerprint);
      const id = await keys.add(readPrivateFile(next));
      await keys.introduce(id, this.#ending.signal);
      promoteNextKey(this.home);
      writeInstance(this.home, { ...readInstance(this.home)!, key: { id, from: this.from } });
      await keys.writeWith(id);
    }
    const known = (await keys.status()).keys;
    if (known.filter(({ state }) => state !== 'retired').length < 2)
      throw new SupervisorError('conflict', 'There is no other key to rotate to. Make one with supervisor keys new.');
    return keys.drain(progress, this.#ending.signal);
  }
}

function stillNamed(file: string): SupervisorError {
  const message = `ENCRYPTION_KEY_FILE or ENCRYPTION_KEY_READ_FILE names ${file}, where the next key belongs. Move the file to where you keep keys, name that place instead, and restart the service; then: supervisor keys new.`;
  return new SupervisorError('conflict', message);
}

import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisorError, type Home } from '@supervisor/core';
import { pendingMigrations, readInstance, readJournal, type Database, type MigratedModule } from '@supervisor/db';
import { readBackupHeader, writeBackup, type BackupHeader } from '@supervisor/db/backup';
import { requiredKeys } from '@supervisor/secrets';

/** A backup, as a list shows it. */
export interface Backup {
  file: string;
  createdAt: string;
  /** Made by itself: the newest seven are kept. The others are kept until somebody deletes them. */
  automatic: boolean;
  /** The build that made it. */
  version: string;
  rows: number;
  bytes: number;
}

export interface CreateOptions {
  /** An absolute path; absent: named after the moment, in the home's backups. */
  file?: string | undefined;
  automatic?: boolean;
  progress?: ((rows: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface BackupsOptions {
  home: Home;
  database: Database;
  version: string;
  /** Takes the failure of a backup that nobody waits for. */
  logError(id: string, operation: string, error: unknown): void;
}

const extension = '.jsonl.gz';
const keptAutomatic = 7;

/** The backups of a home, made while it serves. */
export class Backups {
  /** Why the last automatic one failed; null after a good one. */
  problem: string | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #newest: Promise<Backup | undefined> | undefined;

  constructor(private readonly options: BackupsOptions) {}

  /** Writes a backup; one after the other. @throws SupervisorError when the file is already there or cannot be written */
  create(options: CreateOptions = {}): Promise<Backup> {
    const next = this.#last.then(() => this.#write(options));
    this.#last = next.catch(() => {});
    return next;
  }

  /** Writes one that nobody waits for. A failure is logged and remembered, never thrown. */
  async createAutomatic(signal?: AbortSignal): Promise<void> {
    const { logError } = this.options;
    try {
      await this.#createAndPrune(signal);
      this.problem = null;
    } catch (error) {
      if (signal?.aborted) return;
      const id = randomUUID();
      logError(id, 'automatic backup', error);
      this.problem = error instanceof SupervisorError ? error.message : `The last automatic backup failed. The log has it under ${id}.`;
    }
  }

  /** Writes one when migrations are about to change tables that are already there. @throws SupervisorError when it cannot be written */
  async beforeMigration(modules: readonly MigratedModule[]): Promise<void> {
    const journal = await readJournal(this.options.database.orm);
    if (journal.length === 0 || (await pendingMigrations(modules, journal, 'The database')).length === 0) return;
    try {
      await this.#createAndPrune();
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      const next = 'It is made before this build changes the tables, so nothing was changed. Mend that, then start again.';
      throw new SupervisorError(error.code, `${error.message} ${next}`, error.details, { cause: error });
    }
  }

  /** The newest in the home; looked for once, then remembered. */
  newest(): Promise<Backup | undefined> {
    this.#newest ??= this.list().then(([first]) => first);
    return this.#newest;
  }

  list(): Promise<Backup[]> {
    return listBackups(this.options.home);
  }

  async #createAndPrune(signal?: AbortSignal): Promise<void> {
    await this.create({ automatic: true, signal });
    const automatic = (await listBackups(this.options.home)).filter((backup) => backup.automatic);
    for (const { file } of automatic.slice(keptAutomatic)) rmSync(file, { force: true });
  }

  async #write({ file, automatic = false, progress, signal }: CreateOptions): Promise<Backup> {
    const { home, database, version } = this.options;
    // A home whose instance.json is gone gets a new id at its next start, and so does its backup.
    const instance = readInstance(home)?.id ?? randomUUID();
    // The service alone writes here, one at a time: these are of one that was killed.
    for (const name of namesIn(home.backups, '.partial')) rmSync(join(home.backups, name), { force: true });
    const at = new Date().toISOString();
    const path = file ?? join(home.backups, `${automatic ? 'auto-' : ''}${at.replaceAll(':', '-')}${extension}`);
    const header = await writeBackup(database, path, {
      about: { automatic, instance, version },
      keys: (orm) => requiredKeys({ orm }),
      at,
      progress,
      signal,
    });
    const backup = summarise(path, header);
    if (!file) this.#newest = Promise.resolve(backup);
    return backup;
  }
}

/** The backups in a home's own folder, the newest first. What is no whole backup is left out. */
export async function listBackups(home: Home): Promise<Backup[]> {
  const backups: Backup[] = [];
  for (const name of namesIn(home.backups, extension)) {
    const file = join(home.backups, name);
    const header = await readBackupHeader(file).catch(() => undefined);
    if (header) backups.push(summarise(file, header));
  }
  return backups.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

function namesIn(folder: string, ending: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(ending));
  } catch {
    return [];
  }
}

function summarise(file: string, { createdAt, automatic, version, tables }: BackupHeader): Backup {
  return { file, createdAt, automatic, version, rows: tables.reduce((sum, table) => sum + table.rows, 0), bytes: statSync(file).size };
}

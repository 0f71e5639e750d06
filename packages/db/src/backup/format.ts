import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import { journalRow } from '../migrate.js';

// A backup is gzip over JSON lines: the header; for each table its name and then a row a line, each value as PostgreSQL's own text
// or null; the sequences; and the trailer with the SHA-256 of every byte before it. A file that was cut has no trailer.

export const format = 1;

const header = z.object({
  supervisorBackup: z.literal(format),
  createdAt: z.iso.datetime(),
  /** False: somebody asked for it, and it is kept until somebody deletes it. */
  automatic: z.boolean(),
  /** The id of the home it was made in. */
  instance: z.uuid(),
  /** The build that made it. */
  version: z.string(),
  /** Fingerprints of the keys that its secrets are sealed under. */
  keys: z.array(z.string()),
  /** The migrations its tables were made by. */
  migrations: z.array(journalRow),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()), rows: z.int() })),
});

/** What a backup says of itself, before its rows. */
export type BackupHeader = z.infer<typeof header>;

export const sequence = z.object({ name: z.string(), value: z.string(), called: z.boolean() });
export type Sequence = z.infer<typeof sequence>;

/** Reads a backup's first line. @throws SupervisorError when the file is no backup, or one of a newer format. */
export async function readBackupHeader(file: string): Promise<BackupHeader> {
  for await (const line of linesOf(file)) return parseHeader(file, line);
  throw noBackup(file);
}

/**
 * Reads a backup from its first byte to its last.
 * @throws SupervisorError when it was cut or changed since it was made.
 */
export async function checkBackup(file: string): Promise<BackupHeader> {
  const hash = createHash('sha256');
  let found: BackupHeader | undefined;
  let before: Buffer | undefined;
  for await (const line of linesOf(file)) {
    found ??= parseHeader(file, line);
    if (before) hash.update(before).update('\n');
    before = line;
  }
  if (!found) throw noBackup(file);
  const { sha256 } = parse(before!) as { sha256?: unknown };
  if (sha256 !== hash.digest('hex')) throw damaged(file);
  return found;
}

/** The lines of a backup, without their ends. */
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  const stream = createReadStream(file).on('error', (error) => unzipped.destroy(error));
  const unzipped = stream.pipe(createGunzip());
  try {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        const part = chunk.subarray(from, end);
        yield rest.length === 0 ? part : Buffer.concat([...rest, part]);
        rest = [];
        from = end + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    stream.destroy();
    unzipped.destroy();
  }
  // Every line has an end: what is left was cut.
  if (rest.length > 0) throw damaged(file);
}

function parseHeader(file: string, line: Buffer): BackupHeader {
  const data = parse(line);
  const version = data?.['supervisorBackup'];
  if (typeof version !== 'number') throw noBackup(file);
  if (version > format) {
    const message = `${file} has backup format ${version}; this Supervisor reads up to ${format}. Update it, then restore. Nothing was changed.`;
    throw new SupervisorError('conflict', message, { format: version });
  }
  const parsed = header.safeParse(data);
  if (!parsed.success) throw damaged(file);
  return parsed.data;
}

function parse(line: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line.toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function unreadable(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof SupervisorError) return error;
  if (code === 'ENOENT') return new SupervisorError('not_found', `There is no file ${file}. supervisor backups list shows the backups.`);
  if (code === 'EACCES') return new SupervisorError('forbidden', `${file} may not be read by this user.`);
  if (code === 'EISDIR') return noBackup(file);
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' ? damaged(file) : error;
}

function noBackup(file: string): SupervisorError {
  return new SupervisorError('invalid_input', `${file} is no backup of Supervisor. supervisor backups list shows them.`);
}

export function damaged(file: string, cause?: unknown): SupervisorError {
  const message = `${file} was cut or changed since it was made. Nothing was changed. Take another backup: supervisor backups list.`;
  return new SupervisorError('invalid_input', message, {}, { cause });
}

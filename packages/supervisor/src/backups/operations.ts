import { isAbsolute } from 'node:path';
import { instant, operation, textField, type AnyOperation } from '@supervisor/core';
import { z } from 'zod';
import type { Backups } from './backups.js';

export interface BackupDeps {
  backups: Backups;
}

const backup = z.object({
  file: z.string(),
  createdAt: instant,
  automatic: z.boolean(),
  version: z.string(),
  rows: z.int(),
  bytes: z.int(),
});

export const backupOperations: AnyOperation<BackupDeps>[] = [
  operation({
    name: 'create_backup',
    command: 'backups create',
    summary: 'Write all that is stored to one file',
    description: 'Secrets stay sealed: the file is worth nothing without the key.',
    access: 'owner',
    repeat: 'never',
    input: z.object({
      file: textField('An absolute path; else a name of its own in the backups of the home', 1000)
        .refine((path) => isAbsolute(path), 'must be an absolute path')
        .optional(),
    }),
    output: backup,
    subject: ({ file }) => file ?? '',
    handle: ({ backups }: BackupDeps, { file }, { progress, signal }) =>
      backups.create({ file, signal, progress: (rows, total) => progress(rows, total, `${rows} of ${total} rows written`) }),
  }),
  operation({
    name: 'list_backups',
    command: 'backups list',
    summary: 'List the backups of this home, the newest first',
    access: 'read',
    input: z.object({}),
    output: z.object({ backups: z.array(backup) }),
    handle: async ({ backups }: BackupDeps) => ({ backups: await backups.list() }),
  }),
];

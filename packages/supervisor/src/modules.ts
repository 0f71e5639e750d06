import { authModule } from '@supervisor/auth';
import { cloudflareModule } from '@supervisor/cloudflare';
import type { Module } from '@supervisor/core';
import { gcloudModule } from '@supervisor/gcloud';
import { knowledgeModule } from '@supervisor/knowledge';
import { portsModule } from '@supervisor/ports';
import { secretsModule } from '@supervisor/secrets';
import { timingModule } from '@supervisor/timing';
import { backupOperations } from './backups/operations.js';
import { forgetProject } from './forget-project.js';
import { keyOperations } from './key-operations.js';
import { statusOperations } from './status.js';

const statusModule: Module = {
  name: 'supervisor',
  group: '',
  migrations: new URL('../migrations/', import.meta.url),
  operations: [...statusOperations, forgetProject, ...keyOperations, ...backupOperations],
};

/** Every room of the house. A new domain is added here and in compose.ts. */
export const modules: readonly Module[] = [
  statusModule,
  authModule,
  secretsModule,
  portsModule,
  timingModule,
  knowledgeModule,
  cloudflareModule,
  gcloudModule,
];

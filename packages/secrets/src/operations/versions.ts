import { instant, operation } from '@supervisor/core';
import { z } from 'zod';
import { path, version, metadata, stored, onPath, type SecretDeps } from './fields.js';

export const versionOperations = [
  operation({
    name: 'delete_secret',
    route: 'DELETE /secrets/{path}',
    summary: 'Delete a secret; restore_secret brings it back',
    access: 'destroy',
    toolset: 'admin',
    input: z.object({ path }),
    output: z.object({ deleted: z.boolean() }),
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path }) => secrets.delete(path),
  }),
  operation({
    name: 'restore_secret',
    route: 'POST /secrets/{path}/restore',
    summary: 'Bring a deleted secret back',
    access: 'write',
    toolset: 'admin',
    input: z.object({ path }),
    output: metadata,
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path }) => secrets.restore(path),
  }),
  operation({
    name: 'destroy_secret',
    route: 'POST /secrets/{path}/destroy',
    summary: 'Destroy a secret, or one of its old versions, for good',
    access: 'destroy',
    input: z.object({ path, version: version.optional().describe('Left out: all of it') }),
    output: z.object({ destroyed: z.boolean() }),
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path, version }) => secrets.destroy(path, version),
  }),
  operation({
    name: 'list_secret_versions',
    route: 'GET /secrets/{path}/versions',
    summary: 'List the versions of a secret without their values',
    access: 'read',
    input: z.object({ path }),
    output: z.object({
      versions: z.array(z.object({ version: z.int(), createdAt: instant, keyId: z.string().nullable(), destroyedAt: instant.nullable() })),
    }),
    ...onPath,
    handle: async ({ secrets }: SecretDeps, { path }) => ({ versions: await secrets.versions(path) }),
  }),
  operation({
    name: 'rollback_secret',
    route: 'POST /secrets/{path}/rollback',
    summary: 'Make the value of an earlier version the newest again',
    access: 'write',
    toolset: 'admin',
    input: z.object({ path, version }),
    output: stored,
    ...onPath,
    released: (_, { path, version }) => [{ path, version }],
    handle: ({ secrets }: SecretDeps, { path, version }) => secrets.rollback(path, version),
  }),
];

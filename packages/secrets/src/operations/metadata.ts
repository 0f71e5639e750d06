import { mayReach, nextCursor, operation, page, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import { longestPath } from '../path.js';
import type { SecretMetadata } from '../queries.js';
import { path, label, metadata, details, onPath, type SecretDeps } from './fields.js';

const most = 500;

export const metadataOperations = [
  operation({
    name: 'list_secrets',
    route: 'GET /secrets',
    summary: 'List secrets without their values',
    access: 'read',
    toolset: 'default',
    input: z.object({
      project: projectFilter(),
      prefix: textField('Only paths that start with this', longestPath).optional(),
      provider: label('Only of this provider'),
      type: label('Only of this type'),
      expiring: z.int().min(0).max(3650).optional().describe('Only within so many days'),
      deleted: z.boolean().optional().describe('The deleted ones'),
      ...page,
    }),
    output: z.object({ secrets: z.array(metadata), nextCursor }),
    // Pages are of what the caller may reach: neither their lengths nor a cursor tell of more.
    async handle({ secrets: manager }: SecretDeps, input, { principal }) {
      const found: SecretMetadata[] = [];
      // Of a token's pages much may be hidden; everybody else's is whole, and one more tells whether there are others.
      const limit = principal.kind === 'token' ? most : Math.min(most, input.limit + 1);
      let cursor = input.cursor;
      do {
        const page = await manager.list({ ...input, limit, cursor });
        found.push(...page.secrets.filter(({ path }) => mayReach(principal, 'read', path)));
        cursor = page.nextCursor;
      } while (cursor !== undefined && found.length <= input.limit);
      const secrets = found.slice(0, input.limit);
      return found.length > secrets.length ? { secrets, nextCursor: secrets.at(-1)!.path } : { secrets };
    },
  }),
  operation({
    name: 'has_secret',
    route: 'GET /secrets/{path}/exists',
    summary: 'Tell whether there is a secret at a path',
    access: 'read',
    input: z.object({ path }),
    output: z.object({ exists: z.boolean() }),
    ...onPath,
    handle: async ({ secrets }: SecretDeps, { path }) => ({ exists: await secrets.exists(path) }),
  }),
  operation({
    name: 'update_secret',
    route: 'PATCH /secrets/{path}',
    summary: 'Change what is said about a secret, not its value',
    access: 'write',
    input: z.object({ path, ...details }),
    output: metadata,
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path, ...options }) => secrets.updateMetadata(path, options),
  }),
];

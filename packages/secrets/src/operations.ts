import { instant, nextCursor, operation, page, projectFilter, sensitive, textField } from '@supervisor/core';
import { z } from 'zod';
import { longestPath, pathProblem, projectOf, valueProblem } from './path.js';
import type { SecretsManager } from './secrets-manager.js';

export interface SecretDeps {
  secrets: SecretsManager;
}

const path = z
  .string()
  .max(longestPath)
  .superRefine((text, context) => refuse(context, pathProblem(text)))
  .describe('project/provider/name, such as meta/anthropic/api_key');
const value = sensitive(
  z
    .string()
    .superRefine((text, context) => refuse(context, valueProblem(text)))
    .describe('The secret, at most 64 KiB'),
);
const label = (description: string) => textField(description, 100).min(1).optional();
const details = {
  description: textField('What it is for', 500).optional(),
  type: label('api_key, password, certificate …'),
  provider: label('Whose it is: anthropic, stripe …'),
};

const metadata = z.object({
  path: z.string(),
  project: z.string(),
  description: z.string().nullable(),
  type: z.string().nullable(),
  provider: z.string().nullable(),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
});
const stored = z.object({
  path: z.string(),
  version: z.int(),
  created: z.boolean().describe('The path was new'),
  changed: z.boolean().describe('False: the value was already this one'),
});

function refuse(context: z.RefinementCtx, problem: string | undefined): void {
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

const subject = ({ path }: { path: string }) => path;
const projects = ({ path }: { path: string }) => [projectOf(path)];

export const secretOperations = [
  operation({
    name: 'store_secret',
    route: 'PUT /secrets/{path}',
    summary: 'Store a secret, encrypted',
    description: 'Store what a person gives you at once, so that nobody is asked twice.',
    access: 'write',
    toolset: 'default',
    input: z.object({ path, value, ...details }),
    output: stored,
    subject,
    projects,
    handle: ({ secrets }: SecretDeps, { path, value, ...options }) => secrets.store(path, value, options),
  }),
  operation({
    name: 'store_secret_bulk',
    route: 'POST /secrets',
    summary: 'Store several secrets, all or none',
    access: 'write',
    input: z.object({
      secrets: sensitive(
        z
          .array(z.strictObject({ path, value, ...details }))
          .min(1)
          .max(100),
      ),
    }),
    output: z.object({ secrets: z.array(stored) }),
    subject: ({ secrets }) => secrets.map(({ path }) => path).join(' '),
    projects: ({ secrets }) => secrets.map(({ path }) => projectOf(path)),
    handle: async ({ secrets: manager }: SecretDeps, { secrets }) => ({ secrets: await manager.storeBulk(secrets) }),
  }),
  operation({
    name: 'retrieve_secret',
    route: 'GET /secrets/{path}/value',
    summary: 'Retrieve the value of a secret',
    description: 'Look here before asking a person for a key.',
    access: 'use',
    toolset: 'default',
    input: z.object({ path }),
    output: z.object({ path: z.string(), value: sensitive(z.string()), version: z.int() }),
    subject,
    projects,
    handle: ({ secrets }: SecretDeps, { path }) => secrets.retrieveVersion(path),
  }),
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
      ...page,
    }),
    output: z.object({ secrets: z.array(metadata), nextCursor }),
    handle: ({ secrets }: SecretDeps, input) => secrets.list(input),
  }),
  operation({
    name: 'has_secret',
    route: 'GET /secrets/{path}/exists',
    summary: 'Tell whether there is a secret at a path',
    access: 'read',
    input: z.object({ path }),
    output: z.object({ exists: z.boolean() }),
    projects,
    handle: async ({ secrets }: SecretDeps, { path }) => ({ exists: await secrets.exists(path) }),
  }),
  operation({
    name: 'update_secret',
    route: 'PATCH /secrets/{path}',
    summary: 'Change what is said about a secret, not its value',
    access: 'write',
    input: z.object({ path, ...details }),
    output: metadata,
    subject,
    projects,
    handle: ({ secrets }: SecretDeps, { path, ...options }) => secrets.updateMetadata(path, options),
  }),
  operation({
    name: 'delete_secret',
    route: 'DELETE /secrets/{path}',
    summary: 'Delete a secret with all its versions, for good',
    access: 'destroy',
    toolset: 'admin',
    input: z.object({ path }),
    output: z.object({ deleted: z.boolean() }),
    subject,
    projects,
    handle: ({ secrets }: SecretDeps, { path }) => secrets.delete(path),
  }),
];

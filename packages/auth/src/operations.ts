import { instant, nameField, operation, scopes, sensitive, slugPattern, SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import type { TokenRegistry } from './token-registry.js';

export interface TokenDeps {
  tokens: TokenRegistry;
}

const scope = z.enum(scopes);
const tokenId = z
  .string()
  .regex(/^[0-9a-f]{12}$/, 'must be a token id, 12 hex digits')
  .meta({ description: 'As tokens list shows it', examples: ['0123456789ab'] });
const paths = z
  .string()
  .max(200)
  .regex(
    /^(?:\*\*|[A-Za-z0-9._*-]+(?:\/[A-Za-z0-9._*-]+)+)$/,
    'must be a path of two names or more, in which * stands for characters of a name and ** for names, such as shop/**',
  );
const info = z.object({
  id: z.string(),
  name: z.string(),
  project: z.string().nullable().describe('Null: all projects'),
  scopes: z.array(scope),
  grants: z.array(z.object({ paths: z.string(), actions: z.array(scope) })).describe('The secrets it may reach, and for what'),
  createdAt: instant,
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
});

export const tokenOperations = [
  operation({
    name: 'create_token',
    summary: 'Make a token for a service or a remote agent; it is shown once',
    access: 'owner',
    repeat: 'never',
    input: z.object({
      name: nameField('Who will use it'),
      project: z.string().regex(slugPattern, 'must be a project slug').optional().describe('Bind it to this project'),
      scopes: z.array(scope).min(1).optional().describe('What it may do; left out: read, use, write'),
      paths: z.array(paths).max(50).optional().describe('Secrets it may reach; left out: those of its project, else all'),
      readOnly: z.boolean().optional().describe('The same as the scope read alone'),
      expiresInDays: z.number().positive().max(3650).optional(),
    }),
    output: info.extend({ token: sensitive(z.string()) }),
    subject: ({ name }) => name,
    handle: ({ tokens }: TokenDeps, { name, readOnly, ...options }) => {
      if (readOnly && options.scopes) throw new SupervisorError('invalid_input', 'Give either scopes or readOnly, not both.');
      return tokens.create(name, readOnly ? { ...options, scopes: ['read'] } : options);
    },
  }),
  operation({
    name: 'grant_token',
    summary: 'Say what a token may do with the secrets at some paths',
    access: 'owner',
    input: z.object({
      id: tokenId,
      paths: paths.describe('Such as shop/** or meta/*/api_key'),
      actions: z
        .array(z.enum([...scopes, 'none']))
        .min(1)
        .optional()
        .meta({ description: 'They replace those of before; none ends the grant', examples: ['read,use'] }),
    }),
    output: info,
    subject: ({ id, paths, actions = [] }) => `${id} ${paths} ${actions.join(',')}`,
    handle: async ({ tokens }: TokenDeps, { id, paths, actions }) => {
      // Left out it could mean either.
      if (actions === undefined) throw new SupervisorError('invalid_input', 'Say which actions, such as read,use; none ends the grant.');
      if (actions.includes('none') && actions.length > 1)
        throw new SupervisorError('invalid_input', 'none stands alone: it ends the grant.');
      return tokens.grant(
        id,
        paths,
        actions.filter((action) => action !== 'none'),
      );
    },
  }),
  operation({
    name: 'list_tokens',
    summary: 'List tokens, without their text',
    access: 'read',
    input: z.object({}),
    output: z.object({ tokens: z.array(info) }),
    handle: async ({ tokens }: TokenDeps) => ({ tokens: await tokens.list() }),
  }),
  operation({
    name: 'revoke_token',
    summary: 'End a token for good',
    access: 'owner',
    input: z.object({ id: tokenId }),
    output: info,
    subject: ({ id }) => id,
    handle: ({ tokens }: TokenDeps, { id }) => tokens.revoke(id),
  }),
];

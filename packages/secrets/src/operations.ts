import { instant, mayReach, nextCursor, operation, page, projectFilter, sensitive, SupervisorError, textField } from '@supervisor/core';
import { z } from 'zod';
import { hostProblem } from './http/target.js';
import { longestPath, pathProblem, projectOf, valueProblem } from './path.js';
import type { SecretQuestions } from './ask/questions.js';
import type { SecretsManager } from './secrets-manager.js';

export interface SecretDeps {
  secrets: SecretsManager;
  questions: SecretQuestions;
}

const checkedPath = z
  .string()
  .max(longestPath)
  .superRefine((text, context) => refuse(context, pathProblem(text)));
const path = checkedPath.describe('project/provider/name, such as meta/anthropic/api_key');
const value = sensitive(
  z
    .string()
    .superRefine((text, context) => refuse(context, valueProblem(text)))
    .describe('The secret, at most 64 KiB'),
);
const version = z.int().min(1);
const exposure = z.enum(['reveal', 'use']);
const from = z.enum(['value', 'generate', 'person']).default('value').describe('generate: random, not shown; person: typed on a page');
const label = (description: string) => textField(description, 100).min(1).optional();
const details = {
  description: textField('What it is for', 500).optional(),
  type: label('api_key, password, certificate …'),
  provider: label('Whose it is: anthropic, stripe …'),
  expiresAt: instant.optional(),
};
const storing = {
  ...details,
  exposure: exposure.optional().describe('use: no answer shows it again'),
  ifVersion: z.int().min(0).optional().describe('Only when this is the newest; 0: none yet'),
};

const metadata = z.object({
  path: z.string(),
  project: z.string(),
  description: z.string().nullable(),
  type: z.string().nullable(),
  provider: z.string().nullable(),
  exposure: z.string().describe('use: no answer contains the value'),
  allowedHosts: z.array(z.string()).describe('Where a request with it may go'),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
  expiresAt: instant.nullable(),
  deletedAt: instant.nullable(),
});
const stored = z.object({
  path: z.string(),
  version: z.int(),
  created: z.boolean().describe('The path was new'),
  changed: z.boolean().describe('False: the value was already this one'),
});
const defaults = z.array(z.object({ prefix: z.string(), exposure }));
const host = z
  .string()
  .max(260)
  .superRefine((text, context) => refuse(context, hostProblem(text)));

function refuse(context: z.RefinementCtx, problem: string | undefined): void {
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

/** Of every operation on one secret: what is audited, confined to a project, and granted. */
const onPath = {
  subject: ({ path }: { path: string }) => path,
  projects: ({ path }: { path: string }) => [projectOf(path)],
  paths: ({ path }: { path: string }) => [path],
};

export const secretOperations = [
  operation({
    name: 'store_secret',
    route: 'PUT /secrets/{path}',
    summary: 'Store a secret, encrypted',
    description: 'Store what a person gives you at once, so that nobody is asked twice.',
    access: 'write',
    toolset: 'default',
    input: z.object({ path, value: sensitive(value.optional()), from, ...storing }),
    output: stored
      .partial()
      .extend({ path: z.string(), waiting: z.string().optional().describe('Not stored yet: what a person does now') }),
    ...onPath,
    released: ({ value }, { path, version }) => (version === undefined ? [] : [{ path, version, value }]),
    async handle({ secrets, questions }: SecretDeps, { path, value, from, ...options }, { showPage }) {
      if ((value === undefined) === (from === 'value'))
        throw new SupervisorError('invalid_input', `store_secret: value goes with from "value", and with no other.`, { fields: ['value'] });
      if (from === 'generate') return secrets.generate(path, options);
      if (from === 'value') return secrets.store(path, value!, options);
      const { link } = questions.ask(path, options);
      showPage?.({ url: link, message: `An agent asks you for the value of ${path}. It will not see what you type.` });
      return {
        path,
        waiting:
          'A person opens the page that your host shows, that the service printed, or that `supervisor secrets waiting` lists, and types the value.',
      };
    },
  }),
  operation({
    name: 'store_secret_bulk',
    route: 'POST /secrets',
    summary: 'Store several secrets, all or none',
    access: 'write',
    input: z.object({
      secrets: sensitive(
        z
          .array(z.strictObject({ path, value, ...storing }))
          .min(1)
          .max(100),
      ),
    }),
    output: z.object({ secrets: z.array(stored) }),
    subject: ({ secrets }) => secrets.map(({ path }) => path).join(' '),
    projects: ({ secrets }) => secrets.map(({ path }) => projectOf(path)),
    paths: ({ secrets }) => secrets.map(({ path }) => path),
    released: ({ secrets }, output) => output.secrets.map(({ path, version }, index) => ({ path, version, value: secrets[index]!.value })),
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
    ...onPath,
    released: (_, secret) => [secret],
    handle: ({ secrets }: SecretDeps, { path }) => secrets.retrieveVersion(path),
  }),
  operation({
    name: 'use_secrets',
    summary: 'Take values into a program or a request, whatever their exposure',
    // What a person starts on this machine: no tool, no route, no token.
    access: 'owner',
    command: false,
    input: z.object({ paths: z.array(path).min(1).max(100) }),
    output: z.object({
      secrets: z.array(
        z.object({ path: z.string(), value: sensitive(z.string()), version: z.int(), exposure, allowedHosts: z.array(z.string()) }),
      ),
    }),
    subject: ({ paths }) => paths.join(' '),
    projects: ({ paths }) => paths.map(projectOf),
    paths: ({ paths }) => paths,
    released: (_, { secrets }) => secrets,
    handle: async ({ secrets }: SecretDeps, { paths }) => ({ secrets: await secrets.use(paths) }),
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
      expiring: z.int().min(0).max(3650).optional().describe('Only within so many days'),
      deleted: z.boolean().optional().describe('The deleted ones'),
      ...page,
    }),
    output: z.object({ secrets: z.array(metadata), nextCursor }),
    handle: async ({ secrets: manager }: SecretDeps, input, { principal }) => {
      const { secrets, ...rest } = await manager.list(input);
      return { ...rest, secrets: secrets.filter((secret) => mayReach(principal, 'read', secret.path)) };
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
  operation({
    name: 'move_secret',
    summary: 'Give a secret another path, with all its versions',
    // A path is what grants are about.
    access: 'owner',
    input: z.object({ path, to: checkedPath.describe('The new path') }),
    output: metadata,
    ...onPath,
    paths: ({ path, to }) => [path, to],
    handle: ({ secrets }: SecretDeps, { path, to }) => secrets.move(path, to),
  }),
  operation({
    name: 'expose_secret',
    summary: 'Say whether answers may contain a secret (reveal) or not (use)',
    access: 'owner',
    input: z.object({ path, exposure }),
    output: metadata,
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path, exposure }) => secrets.setExposure(path, exposure),
  }),
  operation({
    name: 'allow_secret_hosts',
    summary: 'Say which hosts a request with a secret may go to',
    access: 'owner',
    input: z.object({ path, hosts: z.array(host).max(20).describe('Exact hosts; they replace those of before') }),
    output: metadata,
    ...onPath,
    handle: ({ secrets }: SecretDeps, { path, hosts }) => secrets.setAllowedHosts(path, hosts),
  }),
  operation({
    name: 'set_secret_default',
    summary: 'Say how new secrets are exposed, by the start of their path',
    access: 'owner',
    input: z.object({
      exposure: z.enum(['reveal', 'use', 'inherit']).describe('inherit: as a shorter start says'),
      prefix: textField('Left out: all paths', longestPath).default(''),
    }),
    output: z.object({ defaults }),
    subject: ({ prefix }) => prefix,
    handle: async ({ secrets }: SecretDeps, { prefix, exposure }) => {
      await secrets.setExposureDefault(prefix, exposure === 'inherit' ? null : exposure);
      return { defaults: await secrets.exposureDefaults() };
    },
  }),
  operation({
    name: 'list_secret_defaults',
    summary: 'List how new secrets are exposed',
    access: 'read',
    input: z.object({}),
    output: z.object({ defaults }),
    handle: async ({ secrets }: SecretDeps) => ({ defaults: await secrets.exposureDefaults() }),
  }),
];

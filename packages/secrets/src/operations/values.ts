import { operation, sensitive, SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import { projectOf } from '../path.js';
import { path, value, exposure, from, stored, storing, onPath, type SecretDeps } from './fields.js';

export const valueOperations = [
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
];

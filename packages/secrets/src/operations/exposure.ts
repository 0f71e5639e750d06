import { operation, textField } from '@supervisor/core';
import { z } from 'zod';
import { longestPath } from '../path.js';
import { path, checkedPath, exposure, metadata, defaults, host, onPath, type SecretDeps } from './fields.js';

export const exposureOperations = [
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

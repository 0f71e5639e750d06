import { instant, operation, type AnyOperation } from '@supervisor/core';
import { z } from 'zod';
import type { HomeKeys } from './home-keys.js';

export interface KeyDeps {
  keys: HomeKeys;
}

const id = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be a fingerprint, 16 hex digits')
  .meta({ description: 'Fingerprint, as keys status shows it', examples: ['0123456789abcdef'] });
const key = z.object({
  id: z.string(),
  state: z.string(),
  writes: z.boolean().describe('This service seals with it'),
  reads: z.boolean().describe('This service can open with it'),
  versions: z.int().describe('Versions of secrets that need it'),
  wraps: z.int().describe('Data keys it may have wrapped, at most 2^31'),
  claimedAt: instant,
  retiredAt: instant.nullable(),
});

export const keyOperations: AnyOperation<KeyDeps>[] = [
  operation({
    name: 'create_key',
    command: 'keys new',
    summary: 'Make the encryption key to change to',
    access: 'owner',
    input: z.object({}),
    output: z.object({ id: z.string(), file: z.string(), next: z.string() }),
    handle: ({ keys }: KeyDeps) => keys.create(),
  }),
  operation({
    name: 'list_keys',
    command: 'keys status',
    summary: 'Show the encryption keys and which service has which',
    access: 'read',
    input: z.object({}),
    output: z.object({
      keys: z.array(key),
      holders: z.array(z.object({ holder: z.string(), writes: z.string(), reads: z.array(z.string()), seenAt: instant })),
    }),
    handle: ({ keys }: KeyDeps) => keys.status,
  }),
  operation({
    name: 'rotate_keys',
    command: 'keys rotate',
    summary: 'Change to the new encryption key and move all secrets to it',
    access: 'owner',
    input: z.object({}),
    output: z.object({ key: z.string(), rewrapped: z.int(), damaged: z.int() }),
    handle: ({ keys }: KeyDeps, _, { progress }) => keys.rotate(progress),
  }),
  operation({
    name: 'retire_key',
    command: 'keys retire',
    summary: 'End an encryption key that nothing needs any more',
    description:
      'Its file goes, unless a backup in the home needs it: then it stays as encryption.key.retired-ID, where a restore and the start after it find it.',
    access: 'owner',
    input: z.object({ id }),
    output: key.extend({ file: z.string().nullable().describe('Where the key is kept, for backups from before') }),
    subject: ({ id }) => id,
    handle: ({ keys }: KeyDeps, { id }) => keys.retire(id),
  }),
];

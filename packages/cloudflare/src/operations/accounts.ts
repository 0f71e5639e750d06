import { instant, operation, textField } from '@supervisor/core';
import { z } from 'zod';
import type { Account } from '../accounts.js';
import { account, accountName, type CloudflareDeps } from './fields.js';

const shown = z.object({
  account: z.string(),
  accountId: z.string(),
  tokenPath: z.string().describe('Where its token is kept'),
  baseUrl: z.string(),
  accessTeam: z.string().nullable(),
  accessAudience: z.array(z.string()),
  createdAt: instant,
});

const show = ({ name, ...rest }: Account): z.input<typeof shown> => ({ account: name, ...rest });

export const accountOperations = [
  operation({
    name: 'set_cloudflare_account',
    summary: 'Set a Cloudflare account: its id and where its token is kept',
    description: 'The tools of toolset cloud are shown once an account is set.',
    access: 'owner',
    input: z.object({
      account: accountName,
      accountId: z
        .string()
        .regex(/^[0-9a-f]{32}$/, 'must be the 32 hex digits that the dashboard shows')
        .meta({ examples: ['0123456789abcdef0123456789abcdef'] }),
      tokenPath: textField('Secret that holds the API token', 300)
        .min(1)
        .meta({ examples: ['meta/cloudflare/token'] }),
      baseUrl: textField("The API's address, when it is not Cloudflare's own", 300).optional(),
      accessTeam: textField('Cloudflare Access team, for access login', 100).optional(),
      accessAudience: z
        .array(z.string().min(1).max(200))
        .max(20)
        .optional()
        .describe('AUD tags of the Access applications, for access login'),
    }),
    output: shown,
    subject: ({ account }) => account,
    handle: async ({ cloudflare }: CloudflareDeps, { account, ...settings }) => show(await cloudflare.setAccount(account, settings)),
  }),
  operation({
    name: 'remove_cloudflare_account',
    summary: 'Forget a Cloudflare account in which nothing of ours is left',
    access: 'owner',
    input: z.object({ account: accountName }),
    output: z.object({ removed: z.boolean() }),
    subject: ({ account }) => account,
    handle: async ({ cloudflare }: CloudflareDeps, { account }) => ({ removed: await cloudflare.removeAccount(account) }),
  }),
  operation({
    name: 'list_cloudflare_accounts',
    route: 'GET /cloudflare/accounts',
    summary: 'List the Cloudflare accounts that the owner set',
    access: 'read',
    input: z.object({}),
    output: z.object({ accounts: z.array(shown) }),
    handle: async ({ cloudflare }: CloudflareDeps) => ({ accounts: (await cloudflare.listAccounts()).map(show) }),
  }),
  operation({
    name: 'verify_cloudflare_token',
    route: 'GET /cloudflare/token',
    summary: 'Ask Cloudflare whether a token is good, and for which zones',
    access: 'read',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({ account: z.string(), status: z.string(), expiresAt: z.string().nullable(), zones: z.array(z.string()) }),
    handle: ({ cloudflare }: CloudflareDeps, { account }) => cloudflare.verifyToken(account),
  }),
  operation({
    name: 'list_cloudflare_zones',
    route: 'GET /cloudflare/zones',
    summary: 'List the zones that an account has',
    access: 'read',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({
      account: z.string(),
      zones: z.array(z.object({ name: z.string(), id: z.string(), status: z.string().nullable() })),
    }),
    handle: async ({ cloudflare }: CloudflareDeps, input) => {
      const { account, zones } = await cloudflare.listZones(input.account);
      return { account, zones: zones.map(({ name, id, status }) => ({ name, id, status: status ?? null })) };
    },
  }),
];

import { z } from 'zod';

// What is needed of Cloudflare's answers; what else they hold is let pass.

export const tokenAnswer = z.looseObject({
  id: z.string(),
  status: z.string(),
  expires_on: z.string().nullish(),
  not_before: z.string().nullish(),
});

export const zoneAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string().nullish(),
  account: z.looseObject({ id: z.string().nullish() }).nullish(),
});

export const recordAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  content: z.string().nullish(),
  ttl: z.number().nullish(),
  proxied: z.boolean().nullish(),
  priority: z.number().nullish(),
  comment: z.string().nullish(),
});

export const tunnelAnswer = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string().nullish(),
  created_at: z.string().nullish(),
  deleted_at: z.string().nullish(),
  connections: z.array(z.looseObject({})).nullish(),
  config_src: z.string().nullish(),
  remote_config: z.boolean().nullish(),
});

export const tunnelConfigAnswer = z.looseObject({
  version: z.number().nullish(),
  config: z.looseObject({ ingress: z.array(z.looseObject({ service: z.string().optional() })).nullish() }).nullish(),
});

export type Zone = z.output<typeof zoneAnswer>;
export type RemoteRecord = z.output<typeof recordAnswer>;
export type RemoteTunnel = z.output<typeof tunnelAnswer>;

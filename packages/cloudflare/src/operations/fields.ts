import { nameField, textField } from '@supervisor/core';
import { z } from 'zod';
import type { CloudflareManager } from '../cloudflare-manager.js';

export interface CloudflareDeps {
  cloudflare: CloudflareManager;
}

export const accountName = nameField('A Cloudflare account that the owner set', 50);
export const account = accountName.optional().describe('Cloudflare account; the first one when left out');
export const tunnel = nameField('Tunnel; the standard one when left out').optional();
export const name = textField('A whole name', 254)
  .min(1)
  .meta({ examples: ['app.example.com'] });
export const type = z
  .string()
  .regex(/^[A-Z]{1,10}$/, 'must be a type of DNS record, such as CNAME')
  .meta({ examples: ['CNAME'] });
export const zone = textField('Only this zone', 254).optional();
export const problem = z.string().nullable().describe('What went wrong with it last; null: nothing');

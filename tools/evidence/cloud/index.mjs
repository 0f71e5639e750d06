import { checks as cloudflare } from './cloudflare/index.mjs';

export const checks = [...cloudflare];

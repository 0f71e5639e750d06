import { checks as cloudflare } from './cloudflare/index.mjs';
import { checks as gcloud } from './gcloud/index.mjs';

export const checks = [...cloudflare, ...gcloud];

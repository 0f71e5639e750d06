import { checks as gcloud } from './gcloud/index.mjs';

export const checks = [...gcloud];

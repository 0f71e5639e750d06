import { accountOperations } from './operations/accounts.js';
import { careOperations } from './operations/care.js';
import type { GCloudDeps } from './operations/fields.js';
import { vmOperations } from './operations/vms.js';

export type { GCloudDeps };

export const gcloudOperations = [...accountOperations, ...vmOperations, ...careOperations];

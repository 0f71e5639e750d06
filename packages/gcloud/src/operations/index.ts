import { accountOperations } from './accounts.js';
import { careOperations } from './care.js';
import type { GCloudDeps } from './fields.js';
import { vmOperations } from './vms.js';

export type { GCloudDeps };

export const gcloudOperations = [...accountOperations, ...vmOperations, ...careOperations];

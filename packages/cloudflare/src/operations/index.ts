import { accountOperations } from './accounts.js';
import { exposureOperations } from './exposures.js';
import { recordOperations } from './records.js';
import { tunnelOperations } from './tunnels.js';

export const cloudflareOperations = [...accountOperations, ...recordOperations, ...tunnelOperations, ...exposureOperations];

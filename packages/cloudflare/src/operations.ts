import { accountOperations } from './operations/accounts.js';
import { exposureOperations } from './operations/exposures.js';
import { recordOperations } from './operations/records.js';
import { tunnelOperations } from './operations/tunnels.js';

export const cloudflareOperations = [...accountOperations, ...recordOperations, ...tunnelOperations, ...exposureOperations];

import type { gcloudAccounts, gcloudOperations, gcloudVms } from '../schema.js';

export type AccountRow = typeof gcloudAccounts.$inferSelect;
export type VmRow = typeof gcloudVms.$inferSelect;
export type OperationRow = typeof gcloudOperations.$inferSelect;

/** What can be done to a VM. */
export type Kind = 'create' | 'delete' | 'start' | 'stop' | 'reset' | 'resize' | 'label';

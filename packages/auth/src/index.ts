export { AuditTrail } from './audit-trail.js';
export type { AuditEvent, AuditListOptions } from './audit-list.js';
export type { Verification } from './audit-chain.js';
export { authModule } from './module.js';
export { TokenRegistry, type TokenInfo, type TokenOptions } from './token-registry.js';

export { AuditTrail } from './audit-trail.js';
export { authModule } from './module.js';
export { TokenRegistry, type TokenInfo, type TokenOptions } from './token-registry.js';

import { auditDown } from './audit-down.mjs';
import { auditTampering } from './audit-tampering.mjs';
import { envelope } from './envelope.mjs';
import { grants } from './grants.mjs';
import { ifVersion } from './if-version.mjs';
import { rotation } from './rotation.mjs';

export const checks = [envelope, rotation, grants, ifVersion, auditTampering, auditDown];

import { auditDown } from './audit-down.mjs';
import { auditTampering } from './audit-tampering.mjs';
import { canaries } from './canary.mjs';
import { envelope } from './envelope.mjs';
import { grants } from './grants.mjs';
import { hostile } from './hostile-urls.mjs';
import { ifVersion } from './if-version.mjs';
import { leakyChild } from './leaky-child.mjs';
import { rotation } from './rotation.mjs';

export const checks = [envelope, rotation, grants, ifVersion, auditTampering, auditDown, hostile, leakyChild, canaries];

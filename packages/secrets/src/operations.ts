import { exposureOperations } from './operations/exposure.js';
import { metadataOperations } from './operations/metadata.js';
import { valueOperations } from './operations/values.js';
import { versionOperations } from './operations/versions.js';

export type { SecretDeps } from './operations/fields.js';

export const secretOperations = [...valueOperations, ...metadataOperations, ...versionOperations, ...exposureOperations];

export { requiredKeys, wrongKey } from './claim.js';
export type { Exposure } from './exposure.js';
export { parseKey, type EncryptionKey } from './key.js';
export { KeyRotation, type Drained, type KeyHolder, type KeyInfo } from './key-rotation.js';
export { secretsModule } from './module.js';
export type { ListOptions, SecretMetadata } from './queries.js';
export { SecretsManager, type SecretsOptions, type UsableSecret } from './secrets-manager.js';
export type { MetadataOptions, StoreOptions, StoreResult } from './store.js';
export type { VersionInfo } from './versions.js';

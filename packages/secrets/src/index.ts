export { requiredKeys, wrongKey } from './claim.js';
export { secretsModule } from './module.js';
export { SecretsManager, type ListOptions, type MetadataOptions, type SecretMetadata, type StoreResult } from './secrets-manager.js';
export { parseKey, type EncryptionKey } from './key.js';

import { documentOperations } from './operations/documents.js';
import { embedderOperations } from './operations/embedder.js';
import { entryOperations } from './operations/entries.js';
import type { KnowledgeDeps } from './operations/fields.js';
import { transferOperations } from './operations/transfer.js';

export type { KnowledgeDeps };
export const knowledgeOperations = [...entryOperations, ...documentOperations, ...transferOperations, ...embedderOperations];

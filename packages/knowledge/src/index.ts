export type { Caller, Entry, EntrySummary, Kind, LearnedKind, Redact, Redacted, Visibility } from './entry.js';
export type { Document, Ingested, IngestOptions, Root } from './ingest.js';
export { KnowledgeBase, type Changes, type Stats } from './knowledge-base.js';
export type { Learned, LearnOptions } from './learn.js';
export { knowledgeModule } from './module.js';
export type { Answer, Hit, SearchOptions } from './search/search.js';
export type { ScoreParts } from './search/rank.js';
export { languages, type Language } from './text/stem.js';
export type { Line } from './transfer.js';

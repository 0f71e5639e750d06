import { killIngest } from './kill-ingest.mjs';
import { plantedSecrets } from './planted-secrets.mjs';
import { sameRanking } from './same-ranking.mjs';
import { scale } from './scale.mjs';
import { weakEmbedder } from './weak-embedder.mjs';

export const checks = [sameRanking, weakEmbedder, plantedSecrets, killIngest, scale];

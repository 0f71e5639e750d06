import { killIngest } from './kill-ingest.mjs';
import { plantedSecrets } from './planted-secrets.mjs';
import { sameRanking } from './same-ranking.mjs';
import { scale } from './scale.mjs';

export const checks = [sameRanking, plantedSecrets, killIngest, scale];

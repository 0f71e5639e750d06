import { health } from './health.mjs';
import { killIngest } from './kill-ingest.mjs';
import { killReembed } from './kill-reembed.mjs';
import { modelSwitch } from './model-switch.mjs';
import { plantedSecrets } from './planted-secrets.mjs';
import { sameRanking } from './same-ranking.mjs';
import { scale } from './scale.mjs';
import { weakEmbedder } from './weak-embedder.mjs';

export const checks = [sameRanking, weakEmbedder, plantedSecrets, killIngest, killReembed, modelSwitch, health, scale];

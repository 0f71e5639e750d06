import { histories, modelHistories } from './histories.mjs';
import { rush } from './rush.mjs';

export const checks = [rush, modelHistories, histories];

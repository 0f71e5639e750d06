import { z } from 'zod';

/**
 * What a cosine of 1 counts where the best match of words counts 1, once the model has shown on the user's own texts that it knows
 * something. A model has to be measured by real questions (calibrate.ts) to count more.
 */
export const usualWeight = 0.3;
/** Before there are texts enough to tell: it finds what words miss, and moves next to nothing. */
export const untriedWeight = 0.1;

/** What a weight was decided by. */
export const measured = z.union([
  z.object({ by: z.literal('owner') }),
  z.object({
    by: z
      .literal('pairs')
      .describe('Questions with known answers: nDCG@10 by words and with vectors, and the gain in 95 of 100 resamplings'),
    pairs: z.int(),
    lexical: z.number(),
    hybrid: z.number(),
    low: z.number(),
    high: z.number(),
  }),
  z.object({
    by: z.literal('halves').describe('How well the halves of own texts find each other, from 0 by chance to 1: by words and by the model'),
    texts: z.int(),
    words: z.number(),
    model: z.number(),
  }),
]);
export type Measured = z.output<typeof measured>;

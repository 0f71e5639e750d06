import { nameField, operation, textField } from '@supervisor/core';
import { z } from 'zod';
import { fewestPairs } from '../vectors/calibrate.js';
import { embedderSettings, settingsOf } from '../vectors/models.js';
import { measured } from '../vectors/weight.js';
import { callerOf, id, source, type KnowledgeDeps } from './fields.js';

const prefix = textField('What the model wants before each text', 200).optional();
const weight = z.number().min(0).max(3).describe('What a cosine of 1 counts beside the best match of words');

const status = z.object({
  embedder: z.string().nullable(),
  dims: z.int().nullable(),
  settings: embedderSettings.nullable(),
  state: z.enum(['none', 'building', 'ready']).describe('building: words serve until all vectors are there'),
  weight: weight.nullable(),
  measured: measured.nullable().describe('What the weight was decided by; null before there are texts enough'),
  pending: z.int().describe('Chunks without a vector yet'),
  failed: z.int().describe('Of those: refused by the model, tried again later'),
  problem: z.string().nullable(),
});

export const embedderOperations = [
  operation({
    name: 'configure_embedder',
    summary: 'Find by vectors too, made by a model that you name',
    description:
      'Give url and model of an OpenAI-compatible endpoint (OpenAI, Ollama, Voyage …), or folder of a local model. What is learned is sent there, without its secrets.',
    access: 'owner',
    openWorld: true,
    input: z.object({
      url: textField('What stands before /embeddings; http on loopback only', 1000).optional(),
      model: textField('Its name there', 200).min(1).optional(),
      secret: nameField('Path of the secret that is its key', 500).optional(),
      folder: textField('Folder of a model for transformers.js, instead of url', 4000).optional(),
      maxTokens: z.int().min(16).max(100_000).optional().describe('What texts are cut to'),
      queryPrefix: prefix,
      documentPrefix: prefix,
      weight: weight.optional(),
    }),
    output: status,
    subject: ({ url, folder }) => (url ?? folder ?? '').slice(0, 200),
    handle: ({ knowledge }: KnowledgeDeps, { weight, ...settings }) => knowledge.configureEmbedder(settingsOf(settings), weight),
  }),
  operation({
    name: 'remove_embedder',
    summary: 'Find by words alone, and forget all vectors',
    access: 'owner',
    input: z.object({}),
    output: status,
    handle: ({ knowledge }: KnowledgeDeps) => knowledge.removeEmbedder(),
  }),
  operation({
    name: 'get_embedder',
    route: 'GET /knowledge-embedder',
    summary: 'Show which model makes vectors, and how far they are',
    access: 'read',
    input: z.object({}),
    output: status,
    handle: ({ knowledge }: KnowledgeDeps) => knowledge.embedder(),
  }),
  operation({
    name: 'reembed_knowledge',
    summary: 'Make all vectors anew, with the same model',
    description: 'Texts are found by their words meanwhile. An interruption is gone on from.',
    access: 'owner',
    openWorld: true,
    input: z.object({}),
    output: status,
    handle: ({ knowledge }: KnowledgeDeps) => knowledge.reembed(),
  }),
  operation({
    name: 'calibrate_embedder',
    command: false,
    summary: 'Measure by questions with known answers what vectors count',
    description: '`supervisor knowledge calibrate FILE` does it for a file.',
    access: 'owner',
    openWorld: true,
    input: z.object({
      pairs: z
        .array(z.object({ query: textField('A question', 4000).min(1), id: id.optional(), source: source.optional() }))
        .min(fewestPairs)
        .max(500),
    }),
    output: z.object({ weight, pairs: z.int(), lexical: z.number(), hybrid: z.number(), low: z.number(), high: z.number() }),
    handle: ({ knowledge }: KnowledgeDeps, { pairs }, context) => knowledge.calibrate(pairs, callerOf(context)),
  }),
];

import { instant, proseField, sensitive, textField } from '@supervisor/core';
import { z } from 'zod';
import type { SecretQuestions } from '../ask/questions.js';
import { hostProblem } from '../http/target.js';
import { longestPath, pathProblem, projectOf, valueProblem } from '../path.js';
import type { SecretsManager } from '../secrets-manager.js';

export interface SecretDeps {
  secrets: SecretsManager;
  questions: SecretQuestions;
}

export const checkedPath = z
  .string()
  .max(longestPath)
  .superRefine((text, context) => refuse(context, pathProblem(text)));
export const path = checkedPath.describe('project/provider/name, such as meta/anthropic/api_key');
export const value = sensitive(
  z
    .string()
    .superRefine((text, context) => refuse(context, valueProblem(text)))
    .describe('The secret, at most 64 KiB'),
);
export const version = z.int().min(1);
export const exposure = z.enum(['reveal', 'use']);
export const from = z
  .enum(['value', 'generate', 'person'])
  .default('value')
  .describe('generate: random, not shown; person: typed on a page');
export const label = (description: string) => textField(description, 100).min(1).optional();
export const details = {
  description: proseField('What it is for', 500).optional(),
  type: label('api_key, password, certificate …'),
  provider: label('Whose it is: anthropic, stripe …'),
  expiresAt: instant.optional(),
};
export const storing = {
  ...details,
  exposure: exposure.optional().describe('use: no answer shows it again'),
  ifVersion: z.int().min(0).optional().describe('Only when this is the newest; 0: none yet'),
};

export const metadata = z.object({
  path: z.string(),
  project: z.string(),
  description: z.string().nullable(),
  type: z.string().nullable(),
  provider: z.string().nullable(),
  exposure: z.string().describe('use: no answer contains the value'),
  allowedHosts: z.array(z.string()).describe('Where a request with it may go'),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
  expiresAt: instant.nullable(),
  deletedAt: instant.nullable(),
});
export const stored = z.object({
  path: z.string(),
  version: z.int(),
  created: z.boolean().describe('The path was new'),
  changed: z.boolean().describe('False: the value was already this one'),
});
export const defaults = z.array(z.object({ prefix: z.string(), exposure }));
export const host = z
  .string()
  .max(260)
  .superRefine((text, context) => refuse(context, hostProblem(text)));

function refuse(context: z.RefinementCtx, problem: string | undefined): void {
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

/** Of every operation on one secret: what is audited, confined to a project, and granted. */
export const onPath = {
  subject: ({ path }: { path: string }) => path,
  projects: ({ path }: { path: string }) => [projectOf(path)],
  paths: ({ path }: { path: string }) => [path],
};

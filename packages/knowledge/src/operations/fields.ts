import { instant, nameField, textField, type Context } from '@supervisor/core';
import { z } from 'zod';
import { kinds, learnedKinds, visibilities, type Caller } from '../entry.js';
import type { KnowledgeBase } from '../knowledge-base.js';

export interface KnowledgeDeps {
  knowledge: KnowledgeBase;
}

/** Who asks, as far as it decides what is found. */
export function callerOf({ principal, project }: Context): Caller {
  return { boundTo: principal.boundTo, project: principal.boundTo ?? project };
}

export const kind = z.enum(kinds);
export const learnedKind = z.enum(learnedKinds);
export const visibility = z.enum(visibilities);
export const tag = nameField('Word', 50);
export const task = nameField('Task id', 200);
export const id = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
export const source = textField('File, URL …', 1000);
export const text = textField('The lesson', 100_000).min(1);
export const ttlDays = z.int().min(1).max(9999);

export const entry = z.object({
  id: z.int(),
  project: z.string(),
  visibility,
  kind,
  title: z.string(),
  task: z.string().nullable(),
  tags: z.array(z.string()),
  source: z.string().nullable(),
  supersededBy: z.int().nullable(),
  helped: z.int().describe('Projects that it helped'),
  misled: z.int(),
  expiresAt: instant.nullable(),
  createdAt: instant,
  updatedAt: instant,
});

import { instant, operation, sensitive } from '@supervisor/core';
import { z } from 'zod';
import { value } from '../operations/fields.js';
import type { SecretsManager } from '../secrets-manager.js';
import type { SecretQuestions } from './questions.js';

export interface AskDeps {
  secrets: SecretsManager;
  questions: SecretQuestions;
}

export const askOperations = [
  operation({
    name: 'list_secret_questions',
    summary: 'List the pages on which agents ask a person for a secret',
    access: 'owner',
    command: 'secrets waiting',
    input: z.object({}),
    output: z.object({ questions: z.array(z.object({ path: z.string(), link: sensitive(z.string()), expiresAt: instant })) }),
    handle: async ({ questions }: AskDeps) => ({ questions: questions.waiting() }),
  }),
  operation({
    name: 'answer_secret_question',
    summary: 'Store what a person typed on such a page',
    // Whoever has the page's id is the person: the page calls this, no tool and no token.
    access: 'owner',
    command: false,
    input: z.object({ id: sensitive(z.string().max(100)), value }),
    output: z.object({ path: z.string(), version: z.int() }),
    released: ({ value }, { path, version }) => [{ path, version, value }],
    handle: ({ secrets, questions }: AskDeps, { id, value }) =>
      questions.answer(id, ({ path, options }) => secrets.store(path, value, options)),
  }),
];

import { owner, SupervisorError } from '@supervisor/core';
import type { RestServer } from '@supervisor/rest';
import type { Supervisor } from '@supervisor/supervisor';
import type { FastifyReply } from 'fastify';
import { askPage, donePage, gonePage, pagePolicy } from './ask-page.js';

// Percent-encoded, a value takes up to three times its 64 KiB.
const bodyLimit = 200 * 1024;
const gone = 'This page was used already or has expired. Let the agent ask again.';

/** The pages on which a person gives an agent's work a secret. The unguessable id in the address is what lets them in. */
export function addAskRoutes({ app }: RestServer, supervisor: Supervisor): void {
  const { questions } = supervisor;
  void app.register(async (pages) => {
    pages.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit }, (_request, body, done) =>
      done(null, new URLSearchParams(body as string)),
    );
    pages.get('/ask/:id', async (request, reply) => {
      const question = questions.find((request.params as { id: string }).id);
      return question ? show(reply, 200, askPage({ path: question.path, ...question.options })) : show(reply, 404, gonePage(gone));
    });
    pages.post('/ask/:id', { bodyLimit }, async (request, reply) => {
      const { id } = request.params as { id: string };
      const question = questions.find(id);
      if (!question) return show(reply, 404, gonePage(gone));
      const value = request.body instanceof URLSearchParams ? (request.body.get('value') ?? '') : '';
      try {
        const signal = AbortSignal.timeout(30_000);
        await supervisor.call('answer_secret_question', { id, value }, { principal: owner, signal, progress: () => {} });
        return show(reply, 200, donePage(question.path));
      } catch (error) {
        if (!(error instanceof SupervisorError)) throw error;
        return show(reply, 400, askPage({ path: question.path, ...question.options }, error.message));
      }
    });
  });
}

// With no referrer at all a browser sends the form's Origin as null, which is refused.
function show(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-security-policy': pagePolicy, 'referrer-policy': 'same-origin' })
    .type('text/html; charset=utf-8')
    .send(page);
}

import { SupervisorError } from '@supervisor/core';
import type { FastifyInstance } from 'fastify';

// Of bytes that are no text a lenient one makes others: a secret would be stored that nobody has.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A body is JSON. An empty one is none: many clients name a Content-Type whether they send something or not. */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null);
    let text: string;
    try {
      text = utf8.decode(body as Buffer);
    } catch {
      return done(new SupervisorError('invalid_input', 'The body is not text in UTF-8.'));
    }
    void parse(request, text, done);
  });
}

import { httpStatus, SupervisorError } from '@supervisor/core';
import type { FastifyReply } from 'fastify';

/** Answers with problem details (RFC 9457). */
export function sendProblem(reply: FastifyReply, error: SupervisorError): FastifyReply {
  const status = httpStatus[error.code];
  const { code, details } = error;
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="supervisor"');
  return reply
    .code(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:supervisor:error:${code}`,
        title: code.replaceAll('_', ' '),
        status,
        detail: error.message,
        code,
        details,
      }),
    );
}

/** What a caller is told of an error that Fastify itself raised; undefined for anything unexpected. */
export function fastifyProblem(error: unknown): SupervisorError | undefined {
  if (error instanceof SupervisorError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) return new SupervisorError('too_large', 'The body is larger than 1 MB.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new SupervisorError('invalid_input', 'Send the body as application/json.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new SupervisorError('invalid_input', 'The request is not valid HTTP with a JSON body.');
  return undefined;
}

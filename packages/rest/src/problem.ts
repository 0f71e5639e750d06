import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { httpStatus, SupervisorError } from '@supervisor/core';
import type { FastifyReply } from 'fastify';

const mediaType = 'application/problem+json';

/** Answers with problem details (RFC 9457). */
export function sendProblem(reply: FastifyReply, error: SupervisorError): FastifyReply {
  const status = httpStatus[error.code];
  const { retryAfterSeconds } = error.details;
  if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="supervisor"');
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds);
  return reply.code(status).type(mediaType).send(problem(error, status));
}

/** Answers what came as no request: it is not HTTP, or too slow, and passes no handler. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, message] = refusals[error.code ?? ''] ?? [400, 'This is not an HTTP request.'];
  const body = problem(new SupervisorError('invalid_input', message), status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${mediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy(error);
}

const refusals: Record<string, [status: number, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than 16 KB.'],
};

function problem({ code, message, details }: SupervisorError, status: number): string {
  const type = `urn:supervisor:error:${code}`;
  return JSON.stringify({ type, title: code.replaceAll('_', ' '), status, detail: message, code, details });
}

/** What a caller is told of an error that Fastify itself raised; undefined for anything unexpected. */
export function fastifyProblem(error: unknown): SupervisorError | undefined {
  if (error instanceof SupervisorError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) return new SupervisorError('too_large', 'The body is larger than 1 MB.');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new SupervisorError('unsupported_media_type', 'Send the body as application/json.');
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return new SupervisorError('invalid_input', 'The body is not JSON.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new SupervisorError('invalid_input', 'The request is not valid HTTP.');
  return undefined;
}

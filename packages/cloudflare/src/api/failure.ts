import { retryAfter, SupervisorError, type ErrorCode } from '@supervisor/core';
import { z } from 'zod';
import { tooMany } from './bucket.js';

/** Why a request failed, and whether it may have been carried out all the same. */
export interface Failure {
  error: SupervisorError;
  /** `not-done`: nothing happened, it may be sent again; `unknown`: it may have happened; `final`: sending it again changes nothing. */
  outcome: 'not-done' | 'unknown' | 'final';
  /** The provider's own wish for the pause before the next try. */
  waitSeconds?: number;
}

const errorBody = z.looseObject({
  errors: z.array(z.looseObject({ code: z.number().optional(), message: z.string().optional() })).catch([]),
});

// Cloudflare's codes that mean more than the status that they come with.
const codes: Record<number, ErrorCode> = {
  81053: 'already_exists',
  81054: 'already_exists',
  81057: 'already_exists',
  81058: 'already_exists',
  1013: 'already_exists',
  81044: 'not_found',
  1003: 'not_found',
  81045: 'quota',
  1022: 'protected',
  6003: 'forbidden',
};

const statuses: Record<number, ErrorCode> = {
  400: 'invalid_input',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not_found',
  409: 'already_exists',
};

const lacking = 'docs/cloud.md names the permissions that the token needs.';
const unknownToken = 'It does not take the token: store a good one at the tokenPath that `supervisor cloudflare list-accounts` shows.';

/** What an answer other than success means. */
export function failureOf(response: Response, body: unknown, now: number, what: string): Failure {
  const { status } = response;
  if (status === 429) {
    const waitSeconds = Math.ceil((retryAfter(response, now) ?? 5000) / 1000);
    return { error: tooMany(waitSeconds), outcome: 'not-done', waitSeconds };
  }
  if (status >= 500) return { error: unavailable(`Cloudflare answered ${status} to ${what}.`), outcome: 'unknown' };
  const parsed = errorBody.safeParse(body);
  const errors = parsed.success ? parsed.data.errors : [];
  const known = errors.find(({ code }) => code !== undefined && Object.hasOwn(codes, code))?.code;
  const code = known === undefined ? (statuses[status] ?? 'invalid_input') : codes[known]!;
  const said =
    errors.map(({ code, message }) => `${code ?? status}: ${message ?? 'no reason'}`.slice(0, 200)).join('; ') || `status ${status}`;
  const next = code === 'forbidden' ? ` ${status === 403 ? lacking : unknownToken}` : '';
  const details = { status, codes: errors.flatMap(({ code }) => code ?? []) };
  return { error: new SupervisorError(code, `Cloudflare refused ${what}: ${said}.${next}`, details), outcome: 'final' };
}

/** No answer at all: whether it arrived is not known. */
export function noAnswer(error: unknown, what: string): Failure {
  const late = error instanceof Error && error.name === 'TimeoutError';
  const reason = late ? 'did not answer in time' : 'could not be reached';
  return { error: unavailable(`Cloudflare ${reason} for ${what}.`), outcome: 'unknown' };
}

export function unavailable(message: string): SupervisorError {
  return new SupervisorError('provider_unavailable', `${message} Try again later.`);
}

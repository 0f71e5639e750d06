import { SupervisorError } from '@supervisor/core';

/** Whether a request was answered with a refusal: it did nothing, and would do nothing again. */
export function isFinal(error: unknown): boolean {
  return error instanceof SupervisorError && !['provider_unavailable', 'rate_limited'].includes(error.code);
}

/** Whether Cloudflare does not know it; a secret that is missing is none of Cloudflare's words. */
export function isMissing(error: unknown): boolean {
  return error instanceof SupervisorError && error.code === 'not_found' && error.details['status'] !== undefined;
}

/** What a row keeps of an error. */
export function reasonOf(error: unknown): string {
  return error instanceof SupervisorError ? error.message.slice(0, 500) : 'An internal error; see the log.';
}

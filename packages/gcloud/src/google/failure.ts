import { retryAfter, SupervisorError, type ErrorCode, type ErrorDetails } from '@supervisor/core';
import { z } from 'zod';

/** An attempt that did not work. */
export interface Failure {
  error: SupervisorError;
  status?: number;
  /** The same request may work a little later. */
  transient: boolean;
  retryAfterMilliseconds?: number;
}

const reasons = z.array(z.object({ reason: z.string().optional() })).catch([]);
const body = z.object({
  error: z.object({ message: z.string().catch(''), status: z.string().optional(), errors: reasons, details: reasons }),
});

const switchedOff = ['accessNotConfigured', 'SERVICE_DISABLED'];
const rateReasons = ['rateLimitExceeded', 'userRateLimitExceeded', 'concurrentLimitExceeded'];

/** What a refusal of Google's means. Its own words are kept, shortened: they name permissions, quotas and fields. */
export function readFailure(response: Response, json: unknown, now: number): Failure {
  const { status } = response;
  const parsed = body.safeParse(json);
  const google = parsed.success ? parsed.data.error : undefined;
  const reason = google?.errors[0]?.reason ?? google?.details.find((detail) => detail.reason !== undefined)?.reason ?? google?.status;
  const said = retell(google?.message ?? '');
  const details: ErrorDetails = { status, ...(reason === undefined ? {} : { reason }) };
  const pause = retryAfter(response, now);
  const fail = (code: ErrorCode, message: string, transient = false): Failure => ({
    error: new SupervisorError(code, message, pause === undefined ? details : { ...details, retryAfterSeconds: Math.ceil(pause / 1000) }),
    status,
    transient,
    ...(pause === undefined ? {} : { retryAfterMilliseconds: pause }),
  });
  if (status === 429 || (status === 403 && reason !== undefined && rateReasons.includes(reason)))
    return fail(
      'rate_limited',
      `Google asks for fewer requests.${pause === undefined ? '' : ' Try again after the time in details.'}`,
      true,
    );
  // Whether a request that timed out there was carried out is not known either.
  if (status >= 500 || status === 408) return fail('provider_unavailable', `Google answered ${status}. Try again later.`, true);
  if (reason === 'resourceNotReady') return fail('provider_unavailable', `Google is not ready for it yet: ${said} Try again later.`);
  if (status === 401)
    return fail(
      'forbidden',
      `Google does not accept the credentials. ${wrongClock(response, now) ?? 'Verify the account: supervisor gcloud verify-account.'}`,
    );
  // A page of whatever is between here and Google says nothing of what Google has.
  if (!google) return fail('provider_unavailable', `Something other than Google answered ${status}. Try again later.`);
  if (status === 403 && reason !== undefined && /quota/i.test(reason))
    return fail('quota', `Google's quota is used up: ${said} Ask Google for more, or delete what is not needed.`);
  if (status === 403 && reason !== undefined && switchedOff.includes(reason))
    return fail(
      'forbidden',
      'The API is switched off in the Google project. Switch both on, and try again some minutes later: gcloud services enable compute.googleapis.com monitoring.googleapis.com',
    );
  if (status === 403) return fail('forbidden', `Google forbids it: ${said} docs/cloud.md names the roles that the account needs.`);
  if (status === 404) return fail('not_found', `Google does not know it: ${said}`);
  if (status === 409) return fail(reason === 'alreadyExists' ? 'already_exists' : 'conflict', `Google has it already: ${said}`);
  if (status === 412) return fail('conflict', 'It was changed by somebody else meanwhile. Read it again.');
  if (status === 501) return fail('provider_unavailable', `Google does not offer it: ${said}`);
  return fail('invalid_input', `Google refuses the request: ${said}`);
}

/** The status of a request that Google refused for good; undefined for everything that may have worked or may work later. */
export function refusalStatus(error: unknown): number | undefined {
  const status = error instanceof SupervisorError ? error.details['status'] : undefined;
  return typeof status === 'number' &&
    status >= 400 &&
    status < 500 &&
    ![401, 408, 429].includes(status) &&
    (error as SupervisorError).code !== 'provider_unavailable'
    ? status
    : undefined;
}

export function unreachable(host: string, error: unknown): Failure {
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const message = `${host} ${timedOut ? 'did not answer in time' : 'cannot be reached'}. Try again later.`;
  return { error: new SupervisorError('provider_unavailable', message, { host }), transient: true };
}

/** An answer that is not what the API promises: never guessed at. */
export function unreadable({ path }: { path: string }, error: z.ZodError): Failure {
  const fields = [...new Set(error.issues.map((issue) => issue.path.join('.').slice(0, 80)))].slice(0, 5);
  const message = `Google's answer is not as its API says (${fields.join(', ') || 'no JSON'}).`;
  return { error: new SupervisorError('provider_unavailable', message, { path: path.split('/').at(-1) }), transient: false };
}

/** What Google said, at most 300 characters on one line, ending with a stop; and what to do about it where that is known here. */
export function retell(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim().slice(0, 300);
  const stopped = line === '' || /[.!?]$/.test(line) ? line : `${line}.`;
  if (!text.includes('global/networks/default')) return stopped;
  return `${stopped} VMs are made in the network default: gcloud compute networks create default --subnet-mode auto makes it.`;
}

// A token is good for an hour, by Google's clock.
function wrongClock({ headers }: Response, now: number): string | undefined {
  const minutes = Math.round((now - Date.parse(headers.get('date') ?? '')) / 60_000);
  if (!(Math.abs(minutes) >= 5)) return undefined;
  return `The clock of this machine is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'ahead of' : 'behind'} Google's: set it right.`;
}

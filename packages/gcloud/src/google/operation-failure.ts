import { SupervisorError } from '@supervisor/core';
import { retell } from './failure.js';
import type { GoogleOperation } from './resources.js';

/** Why an operation that is done did not work: such an answer comes with HTTP 200. Undefined when it did. */
export function operationFailure(operation: GoogleOperation): SupervisorError | undefined {
  const [first] = operation.error?.errors ?? [];
  if (!operation.error && operation.httpErrorStatusCode === undefined) return undefined;
  const reason = first?.code || String(operation.httpErrorStatusCode ?? 'unknown');
  const said = retell(first?.message || operation.httpErrorMessage || 'It gave no reason');
  const details = { reason, operation: operation.name };
  if (reason === 'RESOURCE_NOT_READY')
    return new SupervisorError('provider_unavailable', `Google is not ready for it yet: ${said} Try again later.`, details);
  if (/QUOTA|LIMIT_EXCEEDED/.test(reason))
    return new SupervisorError('quota', `Google's quota is used up: ${said} Ask Google for more, or delete what is not needed.`, details);
  if (/EXHAUSTED|STOCKOUT/.test(reason))
    return new SupervisorError('exhausted', `The zone has no machine of that type left: ${said} Try another zone or type.`, details);
  if (/ALREADY_EXISTS/.test(reason)) return new SupervisorError('already_exists', `Google has it already: ${said}`, details);
  if (/PERMISSION|FORBIDDEN/.test(reason)) return new SupervisorError('forbidden', `Google forbids it: ${said}`, details);
  return new SupervisorError('partial_failure', `Google could not do it (${reason}): ${said}`, details);
}

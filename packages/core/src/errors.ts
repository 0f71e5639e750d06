/**
 * The one error type that crosses a surface, and the one table from its codes to HTTP statuses.
 * A message says what is wrong and what to do next; it never holds a secret, SQL or a parameter value.
 */
export const httpStatus = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  /** Something made by others, which is not touched until it is adopted. */
  not_owned: 403,
  /** It would cost more than the owner allows. */
  budget: 403,
  not_found: 404,
  unknown_operation: 404,
  method_not_allowed: 405,
  conflict: 409,
  already_exists: 409,
  exhausted: 409,
  /** What must not be changed by this call, whoever asks. */
  protected: 409,
  too_large: 413,
  unsupported_media_type: 415,
  /** The effects are named; the call has to be made again with the word it was given. */
  confirmation_required: 428,
  rate_limited: 429,
  /** The provider's own limit, which waiting does not lift. */
  quota: 429,
  cancelled: 499,
  internal: 500,
  outcome_unknown: 502,
  /** Some steps were done and could not be undone: the details say which. */
  partial_failure: 502,
  unavailable: 503,
  provider_unavailable: 503,
  wrong_key: 503,
  locked: 503,
  stopped: 503,
  operation_timeout: 504,
} as const;

export type ErrorCode = keyof typeof httpStatus;

export type ErrorDetails = Record<string, unknown>;

export class SupervisorError extends Error {
  override readonly name = 'SupervisorError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The form in which every surface shows an error. */
  toJSON(): ErrorBody {
    return { code: this.code, message: this.message, details: this.details };
  }
}

export interface ErrorBody {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

/** An error that arrived from elsewhere as JSON; a code this build does not know is `internal`. */
export function errorFromBody(body: { code?: unknown; message?: unknown; details?: unknown }): SupervisorError {
  const code = typeof body.code === 'string' && Object.hasOwn(httpStatus, body.code) ? (body.code as ErrorCode) : 'internal';
  const details = typeof body.details === 'object' && body.details !== null ? (body.details as ErrorDetails) : {};
  return new SupervisorError(code, String(body.message ?? 'The service gave no reason.'), details);
}

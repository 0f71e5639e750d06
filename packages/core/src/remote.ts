import type { Answerer, OperationDescription } from './description.js';

/** One session with a running service. */
export interface Connection {
  /** Calls an operation there. Rejects with a `SupervisorError`. */
  call(operation: OperationDescription | { name: string }, input: unknown, options?: CallOptions): Promise<Record<string, unknown>>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** The same interface as `bind`, answered by a running service. */
export function remote(operations: readonly OperationDescription[], connection: Connection): Answerer<CallOptions> {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  return { operations, call: (name, input, options) => connection.call(byName.get(name) ?? { name }, input, options) };
}

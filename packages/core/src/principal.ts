import type { Grant } from './grants.js';

/** What an operation does, from harmless to reserved. Each but `read` leaves an audit row. */
export type Access = 'read' | 'use' | 'write' | 'destroy' | 'owner';

/** What a token or an agent may be allowed; `owner` is never granted, only the local person has it. */
export type Scope = Exclude<Access, 'owner'>;

export const scopes: readonly Scope[] = ['read', 'use', 'write', 'destroy'];

/** Who is asking. */
export interface Principal {
  /** Shown in the audit trail: `owner`, `agent`, or the token's id. */
  id: string;
  kind: 'owner' | 'agent' | 'token';
  scopes: readonly Scope[];
  /** The only project this principal may touch; null for all. */
  boundTo: string | null;
  /** The project of the address it called: there, grants for other projects do not count. */
  only?: string;
  /** The secrets a token may reach; without any it reaches none. Other kinds need no grant. */
  grants?: readonly Grant[];
}

/** The person at this machine's command line. */
export const owner: Principal = { id: 'owner', kind: 'owner', scopes, boundTo: null };

/** An agent that came through a pipe: it may read, use and write. */
export function agent(options: { boundTo?: string | null; readOnly?: boolean } = {}): Principal {
  return {
    id: 'agent',
    kind: 'agent',
    scopes: options.readOnly ? ['read'] : ['read', 'use', 'write'],
    boundTo: options.boundTo ?? null,
  };
}

/** The one place that decides whether a principal may do what an operation does. */
export function mayAccess(principal: Principal, access: Access): boolean {
  if (principal.kind === 'owner') return true;
  return access !== 'owner' && principal.scopes.includes(access);
}

import { SupervisorError } from '@supervisor/core';
import type { Account } from '../accounts.js';
import type { Rule } from '../ingress/rule.js';
import type { TunnelRow } from '../tunnels/tunnels.js';
import type { Access } from './exposure.js';

/** What rule and record follow from. */
interface Parts {
  hostname: string;
  port: number;
  access: Access;
}

/** @throws SupervisorError `invalid_input` where nobody could log in */
export function checkAccess(access: string, account: Account): void {
  if (access === 'login' && account.accessTeam === null)
    throw new SupervisorError(
      'invalid_input',
      `Account ${account.name} names no Cloudflare Access application, so nobody could log in. The owner sets accessTeam and accessAudience with \`supervisor cloudflare set-account\`.`,
    );
}

/** The rule of its tunnel. */
export function ruleOf(row: Parts, account: Account): Rule {
  const access = { required: true, teamName: account.accessTeam, audTag: account.accessAudience };
  return { hostname: row.hostname, service: serviceOf(row), ...(row.access === 'login' ? { originRequest: { access } } : {}) };
}

/** Where the rule leads to: whichever of ::1 and 127.0.0.1 answers. */
export function serviceOf({ port }: Pick<Parts, 'port'>): string {
  return `http://localhost:${port}`;
}

/** What its record points to. */
export function targetOf({ tunnelId }: Pick<TunnelRow, 'tunnelId'>): string {
  return `${tunnelId}.cfargotunnel.com`;
}

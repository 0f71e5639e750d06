import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import type { Reach } from '../accounts.js';
import { tunnelConfigAnswer } from '../api/answers.js';
import { unavailable } from '../api/failure.js';
import type { Rule } from '../ingress/rule.js';
import { validateIngress } from '../ingress/validate.js';

/** A tunnel's configuration as it is there; what we do not know of it is kept. */
export interface Configuration {
  ingress: Rule[];
  [field: string]: unknown;
}

/** The list as it should be, from the one that is there; `first`: nothing was written yet. The same list where nothing has to be. */
export type Change = (rules: readonly Rule[], first: boolean) => readonly Rule[];

const tries = 5;

export async function readConfiguration({ account, api }: Reach, tunnelId: string): Promise<Configuration> {
  const { config } = await api.get(pathOf(account.accountId, tunnelId), tunnelConfigAnswer);
  return { ...config, ingress: (config?.ingress ?? []) as Rule[] };
}

/**
 * Changes a tunnel's list of rules: reads it, changes it, validates it, writes it and reads it back, again while another one's write
 * came between. The list is written whole and the last writer wins, so what others write in the moment between our reading and our
 * writing is lost until they write it again.
 * @param isThere whether the list holds what was to be
 * @param held throws when this caller may not write any more
 */
export async function changeRules(
  reach: Reach,
  tunnelId: string,
  change: Change,
  isThere: (rules: readonly Rule[]) => boolean,
  held: () => Promise<void>,
): Promise<Rule[]> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const configuration = await readConfiguration(reach, tunnelId);
    const ingress = change(configuration.ingress, attempt === 1);
    if (ingress === configuration.ingress || isThere(configuration.ingress)) return configuration.ingress;
    const { errors, valid } = validateIngress(ingress, configuration['originRequest'] as Record<string, unknown>);
    if (!valid)
      throw new SupervisorError('invalid_input', `cloudflared would refuse these rules. ${errors.map(({ message }) => message).join(' ')}`);
    await held();
    await reach.api.put(pathOf(reach.account.accountId, tunnelId), { config: { ...configuration, ingress } }, tunnelConfigAnswer);
    const after = await readConfiguration(reach, tunnelId).catch((error: unknown) => {
      throw unavailable(
        `The rules were written, but could not be read back. ${error instanceof SupervisorError ? error.message : ''}`.trim(),
      );
    });
    if (isThere(after.ingress)) return after.ingress;
    await sleep(Math.random() * 50 * attempt);
  }
  throw new SupervisorError('provider_unavailable', "Others keep writing this tunnel's rules: ours did not stay in it. Try again.");
}

function pathOf(accountId: string, tunnelId: string): string {
  return `/accounts/${accountId}/cfd_tunnel/${tunnelId}/configurations`;
}

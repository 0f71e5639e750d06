import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Account } from '../account.js';
import type { VmPlan } from './instance-body.js';
import { demandLabels } from './labels.js';
import { longestRunSeconds, shortestRunSeconds } from './limits.js';

/** What a caller may say of a new VM; what is left out is small, private and protected. */
export interface VmWish {
  zone?: string | undefined;
  machineType?: string | undefined;
  image?: string | undefined;
  diskGb?: number | undefined;
  publicIp?: boolean | undefined;
  /** May be deleted without its owner: it gets no deletion protection. */
  ephemeral?: boolean | undefined;
  maxRunSeconds?: number | undefined;
  labels?: Record<string, string> | undefined;
}

export const vmNamePattern = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The whole of a new VM out of what was wished. @throws SupervisorError `invalid_input`, or `forbidden` while the account allows no zone */
export function planVm(
  account: Pick<Account, 'name' | 'zones' | 'maxRunSeconds'>,
  wish: VmWish & { project: string; name: string },
): VmPlan {
  const { project, name, maxRunSeconds = account.maxRunSeconds, labels = {}, zone = account.zones[0] } = wish;
  if (!vmNamePattern.test(name))
    throw new SupervisorError('invalid_input', 'A VM is named with lower-case letters, digits and dashes, from a letter on, at most 63.', {
      fields: ['name'],
    });
  if (!(maxRunSeconds >= shortestRunSeconds && maxRunSeconds <= longestRunSeconds))
    throw new SupervisorError('invalid_input', `maxRunSeconds: from ${shortestRunSeconds} to ${longestRunSeconds}.`);
  if (zone === undefined)
    throw new SupervisorError(
      'forbidden',
      `Account ${account.name} allows no zone yet. Its owner names some: supervisor gcloud set-limits --zones.`,
    );
  demandLabels(labels);
  return {
    id: randomUUID(),
    project,
    name,
    zone,
    machineType: wish.machineType ?? 'e2-small',
    image: wish.image ?? 'projects/debian-cloud/global/images/family/debian-12',
    diskGb: wish.diskGb ?? 10,
    publicIp: wish.publicIp ?? false,
    ephemeral: wish.ephemeral ?? false,
    maxRunSeconds,
    labels,
  };
}

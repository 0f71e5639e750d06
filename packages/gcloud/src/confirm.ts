import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import type { Compute } from './google/compute.js';
import { confirmationSeconds, effectsOf, hash, newConfirmation, stateDigest } from './rules/confirmation.js';
import { gcloudVms } from './schema.js';
import { isProtected, readOurs } from './saga/ownership.js';
import type { VmRow } from './saga/rows.js';

export interface Confirming {
  /** What an earlier refusal gave. */
  confirmation?: string | undefined;
  /** Only for the owner: takes deletion protection away. */
  mayUnprotect?: boolean | undefined;
}

/**
 * Lets a delete pass that brings the word it was given, for the state it was given for, in time.
 * @throws SupervisorError `confirmation_required` with the effects and a new word; `protected`; `not_owned`
 */
export async function demandConfirmation(
  orm: Orm,
  compute: Compute,
  row: VmRow,
  { confirmation, mayUnprotect }: Confirming,
  now: number,
): Promise<void> {
  const instance = await readOurs(compute, row);
  // What an owner's delete has left half-way has no protection at Google any more.
  if (instance && (instance.deletionProtection || !row.ephemeral) && !mayUnprotect) throw isProtected(row.name);
  const state = instance ? stateDigest(instance) : 'missing';
  const isFor = row.confirmedState === state && Date.parse(row.confirmationExpiresAt ?? '') > now;
  if (confirmation !== undefined && isFor && row.confirmation === hash(confirmation)) return;
  const effects = instance ? effectsOf(instance) : [`Google has no VM ${row.name} any more: only its row here is closed.`];
  const given = newConfirmation();
  const expiresAt = new Date(now + confirmationSeconds * 1000).toISOString();
  await orm
    .update(gcloudVms)
    .set({ confirmation: given.hash, confirmedState: state, confirmationExpiresAt: expiresAt })
    .where(eq(gcloudVms.id, row.id));
  const why = confirmation === undefined ? '' : 'The confirmation is for another state of the VM, or too old. ';
  throw new SupervisorError(
    'confirmation_required',
    `${why}${effects.join(' ')} To do it, call again with confirmation ${given.token} within ${confirmationSeconds / 60} minutes.`,
    { effects, confirmation: given.token, expiresAt },
  );
}

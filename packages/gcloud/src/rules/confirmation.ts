import { createHash, randomBytes } from 'node:crypto';
import type { Instance } from '../google/resources.js';

/** How long a confirmation holds. */
export const confirmationSeconds = 300;

/** What deleting it does, in words: for a person to read before it is done. */
export function effectsOf(instance: Instance): string[] {
  const address = instance.networkInterfaces[0]?.accessConfigs?.[0]?.natIP;
  return [
    `VM ${instance.name} (${instance.machineType}, ${instance.zone}) is deleted for good.`,
    ...(instance.status === 'TERMINATED' ? [] : [`It is ${instance.status} now and is shut down.`]),
    ...(instance.deletionProtection ? ['Its deletion protection is taken away first.'] : []),
    ...instance.disks.map(({ source = 'without a name', autoDelete }) =>
      autoDelete ? `Disk ${source} is deleted with it.` : `Disk ${source} stays, and is paid for further.`,
    ),
    ...(address === undefined ? [] : [`Its address ${address} goes back to Google.`]),
  ];
}

/** Changes with everything that the effects name: a confirmation for another state is not one. */
export function stateDigest(instance: Instance): string {
  return hash(JSON.stringify([instance.id, ...effectsOf(instance)]));
}

export function newConfirmation(): { token: string; hash: string } {
  // Hex: a word that begins with a dash would be taken for a flag.
  const token = randomBytes(8).toString('hex');
  return { token, hash: hash(token) };
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

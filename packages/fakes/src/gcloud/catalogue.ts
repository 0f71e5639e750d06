/** What this Google Cloud has on offer. */
export const zones = ['us-central1-a', 'us-central1-b', 'europe-west4-a'];

export const regionOf = (zone: string): string => zone.slice(0, zone.lastIndexOf('-'));

export const machineTypes: Record<string, { guestCpus: number; memoryMb: number }> = {
  'e2-micro': { guestCpus: 2, memoryMb: 1024 },
  'e2-small': { guestCpus: 2, memoryMb: 2048 },
  'e2-medium': { guestCpus: 2, memoryMb: 4096 },
  'e2-standard-2': { guestCpus: 2, memoryMb: 8192 },
  'e2-standard-4': { guestCpus: 4, memoryMb: 16_384 },
  'e2-standard-32': { guestCpus: 32, memoryMb: 131_072 },
  'n2-standard-2': { guestCpus: 2, memoryMb: 8192 },
  'c3-standard-4': { guestCpus: 4, memoryMb: 16_384 },
};

import { priceTable } from './prices.js';

export interface Priced {
  machineType: string;
  zone: string;
  diskGb: number;
  publicIp: boolean;
}

/** What a VM costs an hour while it runs, with its disk and address. */
export interface Estimate {
  costPerHour: number;
  /** Where the machine's price is from: the table, or the owner. */
  source: 'table' | 'owner';
}

/**
 * Undefined where the price is not known: neither the table nor the owner has it. What is not known is not free.
 * @param prices machine type to US dollars an hour, as the owner set them; they hold in every region
 */
export function estimate(vm: Priced, prices: Readonly<Record<string, number>> = {}): Estimate | undefined {
  const own = Object.hasOwn(prices, vm.machineType) ? prices[vm.machineType] : undefined;
  const region = regionOf(vm.zone);
  const listed = Object.hasOwn(priceTable.machineTypes, vm.machineType) ? priceTable.machineTypes[vm.machineType] : undefined;
  const known = Object.hasOwn(priceTable.regions, region) ? priceTable.regions[region] : undefined;
  if (own === undefined && (listed === undefined || known === undefined)) return undefined;
  // Where the region is not known, twice the price of the cheapest is more than any.
  const factor = known ?? 2;
  const machine = own ?? listed! * factor;
  const cost = machine + (vm.diskGb * priceTable.diskGb + (vm.publicIp ? priceTable.publicIp : 0)) * factor;
  return { costPerHour: roundUp(cost), source: own === undefined ? 'table' : 'owner' };
}

/** `europe-west4` of `europe-west4-a`. */
export function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

/** `e2` of `e2-standard-4`. */
export function familyOf(machineType: string): string {
  return machineType.split('-')[0]!;
}

function roundUp(cost: number): number {
  return Math.ceil(cost * 10_000 - 1e-6) / 10_000;
}

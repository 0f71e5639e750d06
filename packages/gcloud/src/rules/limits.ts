import { SupervisorError } from '@supervisor/core';
import { estimate, familyOf, type Estimate, type Priced } from './estimate.js';
import { priceTable } from './prices.js';

/** What the owner allows in an account. Empty lists allow nothing. */
export interface Limits {
  families: readonly string[];
  zones: readonly string[];
  /** Google projects whose images may be used: an estimate holds no licence. */
  imageProjects: readonly string[];
  maxVms: number;
  /** US dollars, all VMs together. */
  maxCostPerHour: number;
  maxRunSeconds: number;
  prices: Readonly<Record<string, number>>;
}

/** Those that are given change, the others stay. */
export type LimitChanges = { [Field in keyof Limits]?: Limits[Field] | undefined };

/** What an account has already, each VM that may exist counted as if it ran: a stopped one can be started at any time. */
export interface Holding {
  vms: number;
  costPerHour: number;
}

/** What Google accepts as the length of a run. */
export const shortestRunSeconds = 30;
export const longestRunSeconds = 120 * 86_400;

const limitsCommand = 'supervisor gcloud set-limits';

/**
 * Whether a VM may be made, or made another size.
 * @param holding what the account has without this VM
 * @returns what it will cost
 * @throws SupervisorError `forbidden` outside the allow-lists; `exhausted` past the number of VMs; `budget` past the cost, and where the
 * price is not known
 */
export function demandAllowed(vm: Priced & { image: string; maxRunSeconds: number }, limits: Limits, holding: Holding): Estimate {
  const family = familyOf(vm.machineType);
  demandListed('zone', vm.zone, limits.zones);
  demandListed('machine family', family, limits.families);
  demandListed('image project', imageProjectOf(vm.image), limits.imageProjects);
  if (vm.maxRunSeconds > limits.maxRunSeconds)
    throw new SupervisorError(
      'forbidden',
      `A VM may run at most ${limits.maxRunSeconds} s here. Ask for less, or the owner raises it: ${limitsCommand}.`,
      {
        maxRunSeconds: limits.maxRunSeconds,
      },
    );
  if (holding.vms + 1 > limits.maxVms)
    throw new SupervisorError(
      'exhausted',
      `The account has ${holding.vms} of ${limits.maxVms} VMs. Delete one, or the owner allows more: ${limitsCommand}.`,
      {
        vms: holding.vms,
        maxVms: limits.maxVms,
      },
    );
  const cost = estimate(vm, limits.prices);
  if (!cost) throw unknownPrice(vm);
  const total = holding.costPerHour + cost.costPerHour;
  // A sum of prices with four decimals, not of exact numbers.
  if (total > limits.maxCostPerHour + 1e-9)
    throw new SupervisorError(
      'budget',
      `It would make ${total.toFixed(4)} of at most ${limits.maxCostPerHour} US dollars an hour (estimated). Choose a smaller machine, delete a VM, or the owner allows more: ${limitsCommand}.`,
      { costPerHour: cost.costPerHour, held: holding.costPerHour, maxCostPerHour: limits.maxCostPerHour, estimated: true },
    );
  return cost;
}

/**
 * Whether a VM may have another machine type: one that costs no more it may have whatever else was lowered since.
 * @throws SupervisorError as `demandAllowed`
 */
export function demandResize(
  vm: Priced & { image: string; maxRunSeconds: number; costPerHour: number },
  machineType: string,
  limits: Limits,
  holding: Holding,
): Estimate {
  const resized = { ...vm, machineType };
  const cost = estimate(resized, limits.prices);
  if (!cost || cost.costPerHour > vm.costPerHour) return demandAllowed(resized, limits, holding);
  demandListed('machine family', familyOf(machineType), limits.families);
  return cost;
}

// `debian-cloud` of `projects/debian-cloud/global/images/family/debian-12`.
function imageProjectOf(image: string): string {
  return image.split('/')[1]!;
}

function demandListed(what: string, asked: string, allowed: readonly string[]): void {
  if (allowed.includes(asked)) return;
  const list = allowed.length === 0 ? `none is allowed yet` : `allowed are ${allowed.join(', ')}`;
  throw new SupervisorError('forbidden', `The ${what} ${asked} is not allowed: ${list}. The owner changes it: ${limitsCommand}.`, {
    asked,
    allowed: [...allowed],
  });
}

function unknownPrice({ machineType, zone }: Priced): SupervisorError {
  return new SupervisorError(
    'budget',
    `What ${machineType} costs in ${zone} is not known, so it cannot be held to the budget. Choose a machine type of the table, or the owner gives its price: ${limitsCommand} --prices.`,
    { machineType, zone, known: Object.keys(priceTable.machineTypes), regions: Object.keys(priceTable.regions) },
  );
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Time, as requests are counted and repeated by it. */
export interface Time {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

export const realTime: Time = { now: () => new Date(), sleep: async (milliseconds) => void (await sleep(milliseconds)) };

import { vmFaults } from './vm-faults.mjs';
import { vmKill } from './vm-kill.mjs';
import { vmLife } from './vm-life.mjs';

export const checks = [vmLife, vmKill, vmFaults];

import { exposeDemo } from './expose-demo.mjs';
import { exposeFaults } from './expose-faults.mjs';
import { exposeKill } from './expose-kill.mjs';
import { replicas } from './replicas.mjs';
import { sharedTunnel } from './shared-tunnel.mjs';
import { syncThousand } from './sync-thousand.mjs';
import { twoSupervisors } from './two-supervisors.mjs';

export const checks = [exposeDemo, exposeKill, exposeFaults, replicas, twoSupervisors, sharedTunnel, syncThousand];

import type { InstanceBody } from '../google/resources.js';
import { ownLabels } from './labels.js';

/** A VM as it was asked for, with every default filled in. */
export interface VmPlan {
  id: string;
  project: string;
  zone: string;
  name: string;
  machineType: string;
  image: string;
  diskGb: number;
  publicIp: boolean;
  ephemeral: boolean;
  maxRunSeconds: number;
  labels: Record<string, string>;
}

/**
 * What is sent to Google for a new VM: it carries its owner's label, so does its disk; it stops when its time is over; it has no
 * service account, and persons come in by OS Login alone.
 */
export function instanceBody(plan: VmPlan): InstanceBody {
  const labels = { ...plan.labels, ...ownLabels(plan) };
  return {
    name: plan.name,
    machineType: `zones/${plan.zone}/machineTypes/${plan.machineType}`,
    labels,
    deletionProtection: !plan.ephemeral,
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          diskName: plan.name,
          sourceImage: plan.image,
          diskSizeGb: String(plan.diskGb),
          diskType: `zones/${plan.zone}/diskTypes/pd-balanced`,
          labels: ownLabels(plan),
        },
      },
    ],
    networkInterfaces: [
      {
        network: 'global/networks/default',
        ...(plan.publicIp ? { accessConfigs: [{ type: 'ONE_TO_ONE_NAT', name: 'External NAT' }] } : {}),
      },
    ],
    scheduling: { maxRunDuration: { seconds: String(plan.maxRunSeconds) }, instanceTerminationAction: 'STOP' },
    shieldedInstanceConfig: { enableVtpm: true, enableIntegrityMonitoring: true },
    metadata: { items: [{ key: 'enable-oslogin', value: 'TRUE' }] },
  };
}

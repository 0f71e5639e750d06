/** A figure of a VM as Cloud Monitoring has it. */
export interface Metric {
  name: string;
  type: string;
  unit: 'share' | 'bytes per second';
  aligner: 'ALIGN_MEAN' | 'ALIGN_RATE';
  /** What Google's number is divided by; 1 when absent. */
  divisor?: number;
  /** Further conditions of the filter. */
  filter?: string;
  /** Why there may be no figure, besides a VM that does not run. */
  absent?: string;
}

/** Minutes between samples, and of each of them. */
export const sampleMinutes = 5;

export const metrics: readonly Metric[] = [
  { name: 'cpu', type: 'compute.googleapis.com/instance/cpu/utilization', unit: 'share', aligner: 'ALIGN_MEAN' },
  {
    name: 'network_received',
    type: 'compute.googleapis.com/instance/network/received_bytes_count',
    unit: 'bytes per second',
    aligner: 'ALIGN_RATE',
  },
  {
    name: 'network_sent',
    type: 'compute.googleapis.com/instance/network/sent_bytes_count',
    unit: 'bytes per second',
    aligner: 'ALIGN_RATE',
  },
  { name: 'disk_read', type: 'compute.googleapis.com/instance/disk/read_bytes_count', unit: 'bytes per second', aligner: 'ALIGN_RATE' },
  { name: 'disk_write', type: 'compute.googleapis.com/instance/disk/write_bytes_count', unit: 'bytes per second', aligner: 'ALIGN_RATE' },
  {
    name: 'memory',
    type: 'agent.googleapis.com/memory/percent_used',
    unit: 'share',
    aligner: 'ALIGN_MEAN',
    divisor: 100,
    filter: 'metric.labels.state = "used"',
    absent: 'Only the Ops Agent inside the VM can tell. Install it there to see memory.',
  },
];

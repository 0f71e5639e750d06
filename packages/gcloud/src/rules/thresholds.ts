/** What a sample is compared with. Values are shares of 1; metrics without thresholds have none that means the same everywhere. */
export const healthThresholds: Readonly<Record<string, { warning: number; critical: number }>> = {
  cpu: { warning: 0.8, critical: 0.95 },
  memory: { warning: 0.8, critical: 0.95 },
};

export type Health = 'ok' | 'warning' | 'critical';

/** Undefined where the metric has no thresholds. */
export function judge(metric: string, value: number): Health | undefined {
  const limits = Object.hasOwn(healthThresholds, metric) ? healthThresholds[metric] : undefined;
  if (!limits) return undefined;
  if (value >= limits.critical) return 'critical';
  return value >= limits.warning ? 'warning' : 'ok';
}

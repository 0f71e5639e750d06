export type { AllocateOptions, Allocation, Grant, ListOptions, LiveAllocation, Orphan, PortRange, Utilization } from './allocation.js';
export type { RangeRequest } from './ensure-range.js';
export type { Place, ProjectOf, Sighting, State } from './evidence.js';
export type { Explanation } from './explain.js';
export { thisHost } from './host.js';
export { portsModule } from './module.js';
export { PortManager, type PortManagerOptions } from './port-manager.js';
export type { Preset, Span } from './range.js';
export type { Swept } from './sweep.js';

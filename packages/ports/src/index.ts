export type { AllocateOptions, Allocation, Grant, ListOptions, PortRange, Utilization } from './allocation.js';
export { portsModule } from './module.js';
export { PortManager } from './port-manager.js';
export type { Span } from './range.js';

export { portsModule } from './module.js';
export {
  PortManager,
  type Allocation,
  type AllocateOptions,
  type Grant,
  type ListOptions,
  type PortRange,
  type Utilization,
} from './port-manager.js';
export type { Span } from './range.js';

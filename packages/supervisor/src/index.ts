export { catalogue, version } from './catalogue.js';
export { openSupervisor, type LogError, type Supervisor } from './compose.js';
export type { Settings } from './decide.js';

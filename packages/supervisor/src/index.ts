export { localUrl, originsOf, type Address } from './address.js';
export { catalogue, version } from './catalogue.js';
export { openSupervisor, type LogError, type Supervisor } from './compose.js';
export { loggable, readInstance, type Instance } from '@supervisor/db';
export { decide, type Settings } from './decide.js';

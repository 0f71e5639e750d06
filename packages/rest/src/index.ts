export { isElsewhere } from './routes.js';
export { createRestServer, type RestOptions, type RestServer } from './server.js';

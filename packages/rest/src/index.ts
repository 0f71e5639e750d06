export { openApiDocument } from './openapi.js';
export { sendProblem } from './problem.js';
export { contextOf } from './routes.js';
export { createRestServer, type RestOptions, type RestServer } from './server.js';

export { FakeClock } from './clock.js';
export { FakeServer, type Exchange, type FakeServerOptions } from './fake-server.js';
export { FaultScript, type Fault } from './faults.js';
export type { FakeAnswer, FakeRequest, FakeRoute, FakeRoutes } from './routes.js';

export { FakeClock, fakeTransport } from './clock.js';
export { FakeServer, type Exchange, type FakeServerOptions } from './fake-server.js';
export { FaultScript, type Fault } from './faults.js';
export type { FakeAnswer, FakeRequest, FakeRoute, FakeRoutes } from './routes.js';
export { FakeGoogleCloud, type FakeGoogleCloudOptions } from './gcloud/google-cloud.js';
export type { FigureOf } from './gcloud/monitoring-routes.js';
export type { FakeInstance, FakeOperation } from './gcloud/shapes.js';
export type { FakeWorld, OperationFault } from './gcloud/world.js';

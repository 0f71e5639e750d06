export { FakeClock } from './clock.js';
export { CloudflareFake, type CloudflareFakeOptions } from './cloudflare/cloudflare-fake.js';
export type { CloudflareState, FakeRecord, FakeTunnel, FakeZone } from './cloudflare/state.js';
export { FakeServer, type Exchange, type FakeServerOptions } from './fake-server.js';
export { FaultScript, type Fault } from './faults.js';
export type { FakeAnswer, FakeRequest, FakeRoute, FakeRoutes } from './routes.js';

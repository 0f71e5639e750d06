import { FakeServer, type Exchange } from '../fake-server.js';
import type { FaultScript } from '../faults.js';
import { FakeIdentity } from './identity.js';
import { instanceRoutes } from './instance-routes.js';
import { monitoringRoutes, usualFigures, type FigureOf } from './monitoring-routes.js';
import { readRoutes } from './read-routes.js';
import { failure } from './shapes.js';
import { FakeWorld, type Clock } from './world.js';

export interface FakeGoogleCloudOptions {
  project?: string;
  /** When absent, time passes by itself. */
  clock?: Clock;
  /** Seconds that every operation takes, instead of what Google takes. */
  operationSeconds?: number;
  /** How long a wait for an operation is held before it comes back early. At once when absent. */
  waitMilliseconds?: number;
}

/** Compute Engine, Cloud Monitoring, the token server and the metadata server of one Google Cloud project, on a port of 127.0.0.1. */
export class FakeGoogleCloud {
  readonly world: FakeWorld;
  readonly identity: FakeIdentity;
  /** Zones that do not answer a list of all zones. */
  readonly unreachable = new Set<string>();
  /** What Cloud Monitoring says; a test may give its own. */
  figures: FigureOf = usualFigures;
  readonly #server: FakeServer;

  constructor(options: FakeGoogleCloudOptions = {}) {
    const { project = 'fake-project-123', clock = { now: () => new Date() }, operationSeconds, waitMilliseconds = 0 } = options;
    const origin = () => this.#server.url;
    this.world = new FakeWorld(project, clock, origin, operationSeconds);
    this.identity = new FakeIdentity(clock, origin, project);
    this.#server = new FakeServer({
      routes: {
        ...instanceRoutes(this.world),
        ...readRoutes(this.world, waitMilliseconds, this.unreachable),
        ...monitoringRoutes(this.world, () => this.figures),
        ...this.identity.routes(),
      },
      before: (request) => {
        this.world.settle();
        const refused = this.identity.refuse(request);
        return refused === undefined ? undefined : { status: 401, body: failure(401, refused) };
      },
      failure: (status, message) => failure(status, message),
    });
  }

  get faults(): FaultScript {
    return this.#server.faults;
  }

  get log(): Exchange[] {
    return this.#server.log;
  }

  get url(): string {
    return this.#server.url;
  }

  listen(): Promise<string> {
    return this.#server.listen();
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

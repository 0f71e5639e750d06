import { FakeServer } from '../fake-server.js';
import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { failure, ok, paged, refuse, zoneBody } from './answers.js';
import { dnsRoutes } from './dns-routes.js';
import { CloudflareState, fakeToken, type FakeZone } from './state.js';
import { tunnelRoutes } from './tunnel-routes.js';

export interface CloudflareFakeOptions {
  /** Real time when absent. */
  clock?: { now(): Date };
  /** Names of the zones of its account. `example.com` when absent. */
  zones?: string[];
}

// 1,200 requests in five minutes, then none for five.
const windowMilliseconds = 300_000;
const mostInWindow = 1200;

/** Cloudflare's API with one account: zones, DNS records and tunnels, its limit of requests, and faults as scripted. */
export class CloudflareFake {
  readonly server: FakeServer;
  readonly state: CloudflareState;
  readonly token = fakeToken();
  readonly account: string;
  /** How often the limit of requests was hit. */
  limited = 0;
  readonly #clock: { now(): Date };
  #recent: number[] = [];
  #blockedUntil = 0;

  constructor({ clock = { now: () => new Date() }, zones = ['example.com'] }: CloudflareFakeOptions = {}) {
    this.#clock = clock;
    this.state = new CloudflareState(() => clock.now());
    this.account = this.state.addAccount('Demo');
    for (const name of zones) this.state.addZone(this.account, name);
    this.server = new FakeServer({
      routes: { ...this.#routes(), ...dnsRoutes(this.state), ...tunnelRoutes(this.state) },
      before: (request) => this.#before(request),
      failure: (status, message) => failure(status === 429 ? 10013 : status, message),
    });
  }

  /** @returns the base URL that a client is given */
  async listen(): Promise<string> {
    await this.server.listen();
    return this.url;
  }

  get url(): string {
    return `${this.server.url}/client/v4`;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  zone(name: string): FakeZone {
    return this.state.zones.find((zone) => zone.name === name)!;
  }

  /** Requests other than reads so far. */
  get writes(): number {
    return this.server.log.filter(({ request }) => request.method !== 'GET').length;
  }

  #routes(): FakeRoutes {
    const { state } = this;
    const accountOf = (id: string) => state.accounts.find((account) => account.id === id)!;
    return {
      'GET /client/v4/user/tokens/verify': () => ok({ id: this.account, status: 'active' }),
      'GET /client/v4/accounts': (request) => paged(request, state.accounts, ({ id, name }) => ({ id, name }), 50, 20),
      'GET /client/v4/zones': (request) => {
        const { query } = request;
        const found = state.zones.filter(
          (zone) => (query.get('name') ?? zone.name) === zone.name && (query.get('account.id') ?? zone.account) === zone.account,
        );
        return paged(request, found, (zone) => zoneBody(zone, accountOf(zone.account)), 50, 20);
      },
      'GET /client/v4/zones/{zone}': ({ params }) => {
        const zone = state.zones.find(({ id }) => id === params['zone']);
        return zone ? ok(zoneBody(zone, accountOf(zone.account))) : refuse(404, 7003, 'Could not route to the zone.');
      },
    };
  }

  #before({ headers }: FakeRequest): FakeAnswer | undefined {
    if (headers['authorization'] !== `Bearer ${this.token}`) return refuse(401, 10000, 'Authentication error');
    const now = this.#clock.now().getTime();
    this.#recent = this.#recent.filter((at) => at > now - windowMilliseconds);
    if (now >= this.#blockedUntil && this.#recent.length < mostInWindow) {
      this.#recent.push(now);
      return undefined;
    }
    if (now >= this.#blockedUntil) this.#blockedUntil = now + windowMilliseconds;
    this.limited++;
    const seconds = Math.ceil((this.#blockedUntil - now) / 1000);
    return {
      ...refuse(429, 10013, 'Rate limited. Please wait and consider throttling your request speed'),
      headers: { 'retry-after': String(seconds) },
    };
  }
}

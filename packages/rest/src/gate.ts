import { SupervisorError, type Principal } from '@supervisor/core';
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const failuresPerMinute = 20;

/** Decides who a request comes from, and whether its Host and Origin are ours. */
export class Gate {
  readonly #failures = new RateLimiterMemory({ points: failuresPerMinute, duration: 60 });

  constructor(
    private readonly verifyToken: (token: string) => Promise<Principal>,
    /** Every origin we are reached by, the usual one first. */
    private readonly origins: () => readonly string[],
  ) {}

  /** A page of another site can make a browser send requests here, or point its own name at this address: both are refused. */
  checkHost(request: FastifyRequest): void {
    const { host, origin } = request.headers;
    const known = this.origins();
    if (host === undefined || !originsUnder(host.toLowerCase()).some((name) => known.includes(name))) {
      throw new SupervisorError('forbidden', `This service does not answer under that Host. Use ${known[0]}.`);
    }
    if (origin !== undefined && !known.includes(origin.toLowerCase())) {
      throw new SupervisorError('forbidden', 'This service does not answer pages of another origin.');
    }
  }

  /** @throws SupervisorError `unauthenticated`, or `rate_limited` after many failures from one address */
  async authenticate(request: FastifyRequest): Promise<Principal> {
    const [, token] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
    try {
      if (token === undefined)
        throw new SupervisorError(
          'unauthenticated',
          'Send a token as "Authorization: Bearer …". The home has one in its file token; supervisor tokens create makes more.',
        );
      return await this.verifyToken(token);
    } catch (error) {
      if (error instanceof SupervisorError && error.code === 'unauthenticated') await this.#countFailure(request.ip);
      throw error;
    }
  }

  // Only failures are counted and refused: a caller with a valid token is never locked out by a neighbour's mistakes. So it does no harm
  // that behind a proxy all callers have its address, and X-Forwarded-For, which anybody can write, is not believed.
  async #countFailure(address: string): Promise<void> {
    try {
      await this.#failures.consume(address);
    } catch (limit) {
      if (!(limit instanceof RateLimiterRes)) throw limit;
      const seconds = Math.ceil(limit.msBeforeNext / 1000);
      throw new SupervisorError('rate_limited', `Too many requests with a bad token. Try again in ${seconds} s.`, {
        retryAfterSeconds: seconds,
      });
    }
  }
}

// A client may spell out the port that its scheme implies.
function originsUnder(host: string): string[] {
  return [`http://${host.replace(/:80$/, '')}`, `https://${host.replace(/:443$/, '')}`];
}

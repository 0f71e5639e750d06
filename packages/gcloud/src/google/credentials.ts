import { realTransport, type Transport } from './client.js';
import { applicationDefaultToken, type DefaultCredentials, type Token } from './application-default.js';
import { parseServiceAccountKey, signToken, tokenSeconds } from './service-account.js';

/** No more than the VMs and their figures need. */
export const scopes = ['https://www.googleapis.com/auth/compute', 'https://www.googleapis.com/auth/monitoring.read'];

// A token that ends while a request is on its way would be refused.
const marginMilliseconds = 60_000;

/** Tokens of one account, kept until shortly before they end. */
export class Credentials {
  #token: Promise<Token> | undefined;

  /** @param readKey the service-account key's JSON; null: application-default credentials */
  constructor(
    readonly readKey: (() => Promise<string>) | null,
    readonly defaults: DefaultCredentials = {},
    readonly transport: Transport = realTransport,
  ) {}

  async token(renew = false): Promise<string> {
    return (await this.#current(renew)).value;
  }

  /** Whose the tokens are, as far as the credentials say. */
  async identity(): Promise<string | null> {
    return (await this.#current(false)).identity;
  }

  async #current(renew: boolean): Promise<Token> {
    const held = renew ? undefined : await this.#token?.catch(() => undefined);
    if (held && held.expiresAt - marginMilliseconds > this.transport.now()) return held;
    const asked = this.#make();
    this.#token = asked;
    return asked;
  }

  async #make(): Promise<Token> {
    if (this.readKey === null) return applicationDefaultToken(this.defaults, scopes, this.transport);
    const key = parseServiceAccountKey(await this.readKey());
    const now = Math.floor(this.transport.now() / 1000);
    return { value: signToken(key, scopes, now), expiresAt: (now + tokenSeconds) * 1000, identity: key.client_email };
  }
}

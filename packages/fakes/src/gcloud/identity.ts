import { createPublicKey, generateKeyPairSync, randomBytes, verify, type KeyObject } from 'node:crypto';
import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import type { Clock } from './world.js';

const email = 'robot@fake-project-123.iam.gserviceaccount.com';
const computeScopes = ['https://www.googleapis.com/auth/compute', 'https://www.googleapis.com/auth/cloud-platform'];

/** Who may come in: tokens that a known key signed, and those that the token and metadata servers gave. */
export class FakeIdentity {
  readonly #keys = new Map<string, KeyObject>();
  readonly #given = new Map<string, number>();
  /** Refuses every token, as after a key was deleted. */
  revoked = false;

  constructor(
    readonly clock: Clock,
    readonly origin: () => string,
    readonly project: string,
  ) {}

  /** The JSON file of a new service-account key, made for this test and known here. */
  newKey(): string {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const id = randomBytes(20).toString('hex');
    this.trust(id, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    return JSON.stringify({
      type: 'service_account',
      project_id: 'fake-project-123',
      private_key_id: id,
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: email,
      token_uri: `${this.origin()}/token`,
    });
  }

  trust(keyId: string, publicKeyPem: string): void {
    this.#keys.set(keyId, createPublicKey(publicKeyPem));
  }

  /** Undefined: it is let in. */
  refuse({ headers, path }: FakeRequest): string | undefined {
    if (path === '/token' || path.startsWith('/computeMetadata/')) return undefined;
    const token = /^Bearer (.+)$/.exec(String(headers['authorization'] ?? ''))?.[1];
    if (token === undefined) return 'Request is missing required authentication credential.';
    if (this.revoked) return 'Request had invalid authentication credentials.';
    if (token.split('.').length === 3) return this.#refuseSigned(token, path);
    return (this.#given.get(token) ?? 0) > this.clock.now().getTime() ? undefined : 'Request had invalid authentication credentials.';
  }

  routes(): FakeRoutes {
    const give = (): FakeAnswer => {
      const token = `fake-token-${randomBytes(12).toString('hex')}`;
      this.#given.set(token, this.clock.now().getTime() + 3_599_000);
      return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
    };
    const metadata =
      (answer: () => FakeAnswer) =>
      ({ headers }: FakeRequest) =>
        headers['metadata-flavor'] === 'Google'
          ? { ...answer(), headers: { 'metadata-flavor': 'Google' } }
          : { status: 403, body: 'Missing Metadata-Flavor' };
    const account = '/computeMetadata/v1/instance/service-accounts/default';
    return {
      'POST /token': ({ body }) => {
        const form = new URLSearchParams(String(body));
        const grant = form.get('grant_type');
        if (grant === 'refresh_token' && form.get('refresh_token') === 'fake-refresh-token') return give();
        if (grant?.endsWith('jwt-bearer') && this.#refuseSigned(form.get('assertion') ?? '', '/token') === undefined) return give();
        return { status: 400, body: { error: 'invalid_grant' } };
      },
      [`GET ${account}/token`]: metadata(give),
      [`GET ${account}/email`]: metadata(() => ({ status: 200, text: email })),
      'GET /computeMetadata/v1/project/project-id': metadata(() => ({ status: 200, text: this.project })),
      'GET /computeMetadata/v1/instance': metadata(() => ({ status: 200, text: 'id' })),
    };
  }

  #refuseSigned(token: string, path: string): string | undefined {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const { alg, kid } = decode(head);
    const { iss, scope, aud, iat, exp } = decode(claims);
    const key = this.#keys.get(String(kid));
    const now = this.clock.now().getTime() / 1000;
    if (alg !== 'RS256' || !key || !verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')))
      return 'The signature is not of a known key.';
    if (iss !== email || Number(exp) - Number(iat) > 3600 || Number(exp) < now - 60 || Number(iat) > now + 60)
      return 'The claims are not valid.';
    if (path === '/token') return undefined;
    const scopes = String(scope ?? '').split(' ');
    const wanted = path.startsWith('/v3/') ? ['https://www.googleapis.com/auth/monitoring.read', computeScopes[1]!] : computeScopes;
    return wanted.some((name) => scopes.includes(name)) || String(aud ?? '').startsWith('https://')
      ? undefined
      : 'Request had insufficient authentication scopes.';
  }
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}

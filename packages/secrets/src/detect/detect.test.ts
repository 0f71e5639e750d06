import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { detectSecrets } from './detect.js';
import { patterns } from './patterns.js';

// Made up here from a seed, so that no file of this repository holds anything that looks like a key.
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
function fake(length: number, alphabet = letters): string {
  let text = '';
  for (let index = 0; text.length < length; index++) {
    const bytes = createHash('sha256').update(`fake ${index} ${length} ${alphabet}`).digest();
    for (const byte of bytes) text += alphabet[byte % alphabet.length];
  }
  return text.slice(0, length);
}
const hex = (length: number) => fake(length, '0123456789abcdef');
const upper = (length: number) => fake(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
const digits = (length: number) => fake(length, '123456789');
const join = (...parts: string[]) => parts.join('');

/** Text, the value in it, and the path that is proposed. */
const keys: [text: (value: string) => string, value: string, proposed: string][] = [
  [(key) => key, join('sk-', 'ant-api03-', fake(93), 'AA'), 'anthropic/api_key'],
  [(key) => `OPENAI_API_KEY=${key}\n`, join('sk-', 'proj-', fake(48)), 'openai/api_key'],
  [(key) => `use ${key}.`, join('sk-', fake(48)), 'openai/api_key'],
  [(key) => `the key is ${key}, keep it`, join('sk', '_live_', fake(24)), 'stripe/secret_key'],
  [(key) => key, join('wh', 'sec_', fake(32)), 'stripe/webhook_secret'],
  [(key) => `aws_access_key_id = ${key}`, join('AK', 'IA', upper(16)), 'aws/access_key_id'],
  [(key) => `aws_secret_access_key = ${key}`, fake(40, `${letters}+/`), 'aws/secret_access_key'],
  [(key) => `url?key=${key}&x=1`, join('AI', 'za', fake(35)), 'google/api_key'],
  [(key) => `git clone https://${key}@github.com/a/b`, join('gh', 'p_', fake(36)), 'github/token'],
  [(key) => key, join('github', '_pat_', fake(22), '_', fake(59)), 'github/token'],
  [(key) => key, join('gl', 'pat-', fake(20)), 'gitlab/token'],
  [(key) => `"${key}"`, join('xo', 'xb-', digits(12), '-', digits(12), '-', fake(24)), 'slack/token'],
  [(key) => key, join('https://hooks.', 'slack.com/services/', 'T', upper(8), '/B', upper(8), '/', fake(24)), 'slack/webhook_url'],
  [(key) => key, join(digits(10), ':', 'AA', fake(33)), 'telegram/bot_token'],
  [(key) => `//packages.example.com/:_authToken=${key}`, join('np', 'm_', fake(36)), 'npm/token'],
  [(key) => key, join('S', 'G.', fake(22), '.', fake(43)), 'sendgrid/api_key'],
  [(key) => key, join('hf', '_', fake(34)), 'huggingface/token'],
  [(key) => key, join('do', 'p_v1_', hex(64)), 'digitalocean/token'],
  [(key) => key, join('hv', 's.', fake(90)), 'vault/token'],
  [(key) => key, join('su', 'p_', hex(12), '_', fake(43), '_', hex(8)), 'supervisor/token'],
  [
    (key) => `x ${key}\ny`,
    join('-----BEGIN ', 'RSA PRIVATE', ' KEY-----\n', fake(64), '\n', fake(40), '\n-----END ', 'RSA PRIVATE', ' KEY-----'),
    'pem/private_key',
  ],
  [(key) => `cookie: session=${key};`, join('ey', 'J', fake(30), '.ey', 'J', fake(60), '.', fake(43)), 'jwt/token'],
  [(key) => `postgres://app:${key}@db.example.com/app`, fake(14), 'postgres/password'],
  [(key) => `redis://:${key}@localhost:6379`, fake(20), 'redis/password'],
  [(key) => `mongodb+srv://root:${key}@cluster.example.net/x`, fake(16), 'mongodb/password'],
  [(key) => `DB_PASSWORD=${key}`, 'Tr0ub4dor&3', 'db/password'],
  [(key) => `const password = "${key}";`, 'blue-Horse-77!', 'app/password'],
  [(key) => `{"clientSecret": "${key}"}`, fake(32), 'app/client_secret'],
  [(key) => `{\\"api_key\\":\\"${key}\\"}`, hex(32), 'app/api_key'],
  [(key) => `acme_api_token: ${key}\n`, fake(28), 'acme/api_token'],
  [(key) => `curl -H "Authorization: Bearer ${key}" https://api.example.com`, fake(40), 'http/token'],
  [(key) => `  SESSION_SECRET: '${key}'`, hex(64), 'session/secret'],
  [(key) => `SMTP_PASS=${key}`, 'Tr0ub4dor&3', 'smtp/pass'],
  [(key) => `auth: { user: 'me', pass: '${key}' }`, 'blue-Horse-77!', 'app/pass'],
  [(key) => `up --authkey=${key}`, join('ts', 'key-auth-', fake(12), '-', fake(32)), 'tailscale/auth_key'],
  [(key) => key, join('nf', 'p_', fake(36)), 'netlify/token'],
  [(key) => `FlyV1 ${key}`, join('fm', '2_', fake(120)), 'fly/token'],
  [(key) => key, join('rn', 'd_', fake(28)), 'render/token'],
  [(key) => key, join('na', 'pi_', fake(64)), 'neon/api_key'],
  [(key) => key, join('pc', 'sk_', fake(6), '_', fake(60)), 'pinecone/api_key'],
  [(key) => key, join('ls', 'v2_pt_', hex(32), '_', hex(10)), 'langsmith/api_key'],
  [(key) => key, join('tv', 'ly-dev-', fake(32)), 'tavily/api_key'],
  [(key) => key, join('sk', '_', hex(48)), 'elevenlabs/api_key'],
  [(key) => key, join('ph', 'x_', fake(43)), 'posthog/api_key'],
];

/** Ordinary text that promises a secret and holds none. */
const harmless = [
  'API_KEY=changeme',
  'API_KEY=your-api-key-here',
  'OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'password: ${DB_PASSWORD}',
  'password = process.env.DB_PASSWORD',
  'const token = await client.createAccessToken({ user });',
  "password: z.string().min(8).describe('The password')",
  'postgres://user:password@localhost/db',
  'postgres://user:<password>@localhost/db',
  'postgres://app:${PASSWORD}@db/app',
  `aws_access_key_id = ${join('AK', 'IA', 'IOSFODNN7EXAMPLE')}`,
  'max_tokens: 4096',
  'token_count=12345678901234567890',
  'primary_key: user_id_column_name_2',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBogusPublicKeyHereForTheTestOnly1234 me@host',
  `"integrity": "sha512-${fake(86)}=="`,
  `commit ${hex(40)}`,
  `image: registry/app@sha256:${hex(64)}`,
  'https://docs.example.com/api-keys#create-a-secret-key',
  'SECRET_KEY_FILE=/run/secrets/secret_key_2024',
  'tokenizer: cl100k_base_2024_01_version',
  'keyboard=us-intl-2024-with-dead-keys1',
  'id: 3b0e8b0e-1f2d-4c5a-9b8a-0123456789ab',
  'The password must have at least 8 characters and 1 digit.',
  'author: Jane Doe 2024 <jane@example.com>',
  "secretName: 'database-credentials-production-v2'",
  'AUTH_URL=https://auth.example.com/oauth2/token?x=1234567890abcd',
  'retrieve_secret({ path: "shop/stripe/api_key" })',
  'PASSWORD=<hidden>',
  'BYPASS=a1b2-c3d4-x',
  'compass: n0rth-by-w3st',
  `STRIPE_PUBLISHABLE_KEY=${join('pk', '_test_', fake(24))}`,
  `RECAPTCHA_SITE_KEY=${fake(40)}`,
  `Idempotency-Key: ${hex(32)}`,
  `token_id: ${hex(24)}`,
  `token: sha256:${hex(64)}`,
  `KMS_KEY=arn:aws:kms:eu-west-1:123456789012:key/${hex(32)}`,
  'api_key: "{{secret:shop/stripe/key}}"',
];

test('keys of a labelled set are found, with the path to keep them at', () => {
  const missed: string[] = [];
  for (const [write, value, proposed] of keys) {
    const text = `first line\nsecond ${write(value)}`;
    const found = detectSecrets(text);
    const [only] = found;
    const right = found.length === 1 && text.slice(only!.start, only!.end) === value && only!.proposedPath === proposed && only!.line === 2;
    if (!right) missed.push(`${write('…')}: ${JSON.stringify(found.map(({ start, end, proposedPath }) => [start, end, proposedPath]))}`);
  }
  expect(missed).toEqual([]);
});

test('ordinary text of a labelled set is left alone', () => {
  expect(harmless.filter((text) => detectSecrets(text).length > 0)).toEqual([]);
});

test('a finding never holds the value, and equal values have equal fingerprints under one salt', () => {
  const key = join('gh', 'p_', fake(36));
  const [one, two] = detectSecrets(`${key} ${key}`, { salt: 'salt' });
  expect(JSON.stringify([one, two])).not.toContain(key.slice(4, 12));
  expect(one!.fingerprint).toBe(two!.fingerprint);
  expect(detectSecrets(key, { salt: 'other' })[0]!.fingerprint).not.toBe(one!.fingerprint);
});

test('in source code a bare word is a variable, in settings it is a value', () => {
  const line = `API_TOKEN = ${fake(30)}`;
  expect(detectSecrets(line, { file: 'a/settings.py' })).toHaveLength(0);
  expect(detectSecrets(line, { file: '.env' })).toHaveLength(1);
});

test('long text of one kind takes no time', () => {
  const started = performance.now();
  for (const unit of ['a', 'A0_', 'key=', '"', 'eyJ', '-----BEGIN PRIVATE KEY-----', 'a://b:', 'password ', '\\"']) {
    detectSecrets(unit.repeat(Math.ceil(200_000 / unit.length)));
  }
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('every pattern is global, as matchAll needs', () => {
  expect(patterns.filter(({ form }) => !form.global)).toEqual([]);
});

import { crc32 } from 'node:zlib';
import { request } from 'node:http';

const open = ['/healthz', '/readyz', '/openapi.json', '/docs', '/docs/json', '/'];
const foreignHosts = ['evil.example', 'evil.example:3099', 'localhost', '127.0.0.1:1', 'localhost.evil.example', '[::1]', ''];
const foreignOrigins = ['http://evil.example', 'https://127.0.0.1', 'null', 'http://localhost:1', 'file://'];

/** Every route: without a token, with a bad one, under a foreign Host, for a page of a foreign Origin. And with a good one. */
export async function gateOfHttp(home, good, tally) {
  const port = new URL(home.url).port;
  const ask = (method, path, headers) => statusOf(port, method, path, { host: `127.0.0.1:${port}`, ...headers });
  const bearer = (token) => ({ authorization: `Bearer ${token}` });
  for (const { method, path } of await routes(home)) {
    const what = `${method} ${path}`;
    const control = await ask(method, path, bearer(good));
    tally.expect(![0, 401, 403, 429].includes(control) && control < 500, 'allowed', `${what} with a good token: ${control}`);
    const attempts = [
      {},
      ...badTokens(good).map(bearer),
      { authorization: good },
      { authorization: `Basic ${btoa(`x:${good}`)}` },
      { cookie: `token=${good}` },
    ];
    for (const headers of attempts) {
      const status = await ask(method, path, headers);
      // After twenty failures in a minute the same refusal is called 429. GET and DELETE of /mcp exist for nobody.
      const refused = status === 401 || status === 429 || (status === 405 && path.startsWith('/mcp'));
      tally.expect(refused, 'refused', `${what} with ${JSON.stringify(headers).slice(0, 60)}: ${status}`);
    }
    const inQuery = await ask(method, `${path}?token=${good}&access_token=${good}`, {});
    tally.expect([401, 429, 405].includes(inQuery), 'refused', `${what} with the token in the query: ${inQuery}`);
    await foreign(what, (headers) => ask(method, path, { ...bearer(good), ...headers }), tally);
  }
  for (const path of open) await foreign(`GET ${path}`, (headers) => ask('GET', path, headers), tally);
  for (const path of open.slice(0, 4)) {
    const status = await ask('GET', path, {});
    tally.expect(status < 400, 'allowed', `GET ${path} without a token: ${status}`);
  }
  const still = await ask('GET', '/api/v1/status', bearer(good));
  tally.expect(still === 200, 'allowed', `a good token after all the bad ones: ${still}`);
  const origin = await ask('GET', '/api/v1/status', { ...bearer(good), origin: home.url });
  tally.expect(origin === 200, 'allowed', `our own origin: ${origin}`);
}

async function foreign(what, ask, tally) {
  for (const host of foreignHosts) {
    const status = await ask({ host });
    tally.expect(status === 403 || (host === '' && status === 400), 'refused', `${what} under the Host ${JSON.stringify(host)}: ${status}`);
  }
  for (const origin of foreignOrigins) {
    const status = await ask({ origin });
    tally.expect(status === 403, 'refused', `${what} for the Origin ${origin}: ${status}`);
  }
}

async function routes(home) {
  const { paths } = await (await fetch(`${home.url}/openapi.json`)).json();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{(\w+)\}/g, (_, field) => filling[field] ?? 'web'),
    })),
  );
  const heads = described.filter(({ method }) => method === 'GET').map(({ path }) => ({ method: 'HEAD', path }));
  const mcp = ['/mcp', '/mcp/shop'].flatMap((path) => ['POST', 'GET', 'DELETE'].map((method) => ({ method, path })));
  return [...described, ...heads, ...mcp, { method: 'GET', path: '/metrics' }];
}

const filling = { project: 'shop', path: 'shop%2Ffake%2Fkey', port: '3556', id: 'task-1' };

// The last three have the right form: with another checksum, another secret, an id that nobody has.
function badTokens(good) {
  const [, id, secret] = /^sup_(.{12})_(.{43})_/.exec(good);
  const signed = (body) => `${body}_${crc32(body).toString(16).padStart(8, '0')}`;
  return [
    'x',
    'null',
    `${good}x`,
    good.slice(0, -1),
    good.toUpperCase(),
    good.replace(/.{8}$/, '00000000'),
    signed(`sup_${id}_${'A'.repeat(43)}`),
    signed(`sup_${'0'.repeat(12)}_${secret}`),
  ];
}

function statusOf(port, method, path, { host, ...headers }) {
  return new Promise((resolve, reject) => {
    const json = method === 'POST' || method === 'PUT' || method === 'PATCH' ? { 'content-type': 'application/json' } : {};
    const outgoing = request(
      { hostname: '127.0.0.1', port, method, path, headers: { host, ...json, ...headers }, setHost: false },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      },
    );
    outgoing.on('error', reject).end(json['content-type'] && '{}');
  });
}

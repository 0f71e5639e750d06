import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const strangeSegments = ['%zz', '%00', '..%2f..%2fx', '%c0%ae', '%', '.', '..', '%2e%2e', 'a%0d%0ab', '%f0%9f%98%80'];

/** Turns an input into an HTTP request for an operation's route. `variant` 0–99: the low ones break the request itself. */
export function restRequest({ route, input: schema }, input, variant) {
  const fields = typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : {};
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = fields[name];
    delete fields[name];
    return variant < 4 ? strangeSegments[(variant * 3 + name.length) % strangeSegments.length] : encode(value);
  });
  const target = `/api/v1${path}`;
  if (route.method === 'GET' || route.method === 'DELETE') {
    const pairs = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => `${encode(name)}=${encode(one)}`));
    if (variant === 10) pairs.push('limit=1', 'limit=2', 'cursor', '=', '&&', 'a[b]=c');
    return { method: route.method, path: pairs.length > 0 ? `${target}?${pairs.join('&')}` : target, headers: {} };
  }
  const whole = fields === input || Object.keys(schema.properties).length > 0 ? fields : input;
  const body = JSON.stringify(variant < 20 && variant > 15 ? input : whole);
  const json = { 'content-type': 'application/json' };
  const broken = {
    5: { headers: json, body: body.slice(0, -1) },
    6: { headers: { 'content-type': 'text/plain' }, body },
    7: { headers: json, body: `[${body}]` },
    8: { headers: json, body: '' },
    9: { headers: json, body: JSON.stringify({ pad: 'x'.repeat(1_100_000) }), oversize: true },
    10: { headers: { 'content-type': 'application/json; charset=utf-7' }, body },
    11: { headers: { ...json, 'content-length': '5' }, body: body.slice(0, 5).padEnd(5) },
    12: { headers: json, body: '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}' },
    13: { headers: { ...json, 'content-encoding': 'gzip' }, body },
    14: { headers: {}, body },
  };
  return { method: route.method, path: target, headers: json, body, ...broken[variant] };
}

/** Sends it; resolves with status and text, and with status 0 when a body that is too large was cut off. */
export async function send(base, token, asked) {
  try {
    return await sendOnce(base, token, asked);
  } catch (error) {
    // The server closed a kept connection at the moment when this request went out on it: that says nothing about the request.
    if (error.code === 'ECONNRESET' && error.reused) return sendOnce(base, token, asked);
    throw error;
  }
}

function sendOnce(base, token, { method, path, headers, body, oversize }) {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        hostname,
        port,
        method,
        path,
        headers: { authorization: `Bearer ${token}`, ...headers, ...length(headers, body) },
        timeout: 30_000,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 30 s')));
    outgoing.on('error', (error) =>
      oversize ? resolve({ status: 0, text: '' }) : reject(Object.assign(error, { reused: outgoing.reusedSocket })),
    );
    outgoing.end(body);
  });
}

function length(headers, body) {
  return body === undefined || 'content-length' in headers ? {} : { 'content-length': Buffer.byteLength(body) };
}

function encode(value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed().slice(0, 3000));
}

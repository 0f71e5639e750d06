import { describe, expect, test } from '@jest/globals';
import { checks } from './checks.js';
import type { Rule } from './rule.js';
import { findRule, validateIngress } from './validate.js';

const last: Rule = { service: 'http_status:404' };
const app = 'http://localhost:3000';
const at = (hostname: string, more: Rule = {}): Rule => ({ hostname, service: app, ...more });
const service = (text: string, originRequest?: Record<string, unknown>): Rule => ({
  hostname: 'a.example.com',
  service: text,
  ...(originRequest ? { originRequest } : {}),
});

/** For each check: lists that it objects to, and lists that it lets pass. */
const table: Record<string, { objects: Rule[][]; passes: Rule[][] }> = {
  shape: {
    objects: [
      [{ hostname: 7 } as never, last],
      [{ service: ['x'] } as never],
      [at('a.example.com', { path: {} as never }), last],
      [null as never],
    ],
    passes: [[at('a.example.com', { path: null as never }), last], [{ ...last, unknown: { kept: true } }]],
  },
  'origin-request': {
    objects: [
      [service(app, { connectTimeout: '30s' }), last],
      [service(app, { connectTimeout: 1e100 }), last],
      [service(app, { noTLSVerify: 'true' }), last],
      [service(app, { keepAliveConnections: 1.5 }), last],
      [service(app, { proxyPort: -1 }), last],
      [service(app, { httpHostHeader: 7 }), last],
      [service(app, { ipRules: {} }), last],
      [service(app, { access: [] }), last],
      [service(app, { access: { required: true, audTag: ['aud'] } }), last],
      [service(app, { access: { required: true, audTag: 'aud', teamName: 'acme' } }), last],
      [{ ...last, originRequest: [] as never }],
      // Whole seconds: cloudflared reads them as a Go integer.
      [service(app, { tlsTimeout: 0.5 }), last],
    ],
    passes: [
      [service(app, { connectTimeout: 30, tlsTimeout: 5, noTLSVerify: true, http2Origin: false, caPool: '/ca.pem' }), last],
      [service(app, { access: { required: true, teamName: 'acme', audTag: ['aud'] } }), last],
      [service(app, { access: { required: true } }), last],
      [service(app, { access: { required: false, audTag: ['aud'] } }), last],
      [service(app, { connectTimeout: null, whatever: [1] }), last],
      [{ ...last, originRequest: null }],
    ],
  },
  'http-status': {
    objects: [
      'http_status:',
      'http_status:asdf',
      'http_status:99',
      'http_status:1000',
      'http_status: 404',
      'http_status:4.4',
      'http_status:-200',
    ].map((text) => [{ service: text }]),
    passes: ['http_status:404', 'http_status:100', 'http_status:999', 'http_status:+200', 'http_status:0503'].map((text) => [
      { service: text },
    ]),
  },
  'socks-ip-rules': {
    objects: [
      [{ ports: [80] }],
      [{ prefix: '10.0.0.0' }],
      [{ prefix: '10.0.0.0/33' }],
      [{ prefix: '10.0.0.0/8', ports: [0] }],
      [{ prefix: '::/129' }],
    ].map((ipRules) => [service('socks-proxy', { ipRules }), last]),
    passes: [
      [service('socks-proxy'), last],
      [
        service('socks-proxy', {
          ipRules: [{ prefix: '1.1.1.0/24', ports: [80, 443], allow: true }, { prefix: '0.0.0.0/0' }, { prefix: '::/0' }],
        }),
        last,
      ],
      // Only a proxy reads them.
      [service(app, { ipRules: [{ prefix: 'no' }] }), last],
    ],
  },
  'service-address': {
    objects: [
      '',
      'localhost:8000',
      'localhost',
      '127.0.0.1:8000',
      ':8000',
      '//localhost',
      'http:',
      'http://',
      'http://:8000',
      'http:localhost',
      'http:/localhost',
      'http:///path',
      'https://localhost:8000/',
      'https://localhost:8000/static/',
      'https://local host:8000',
      'http://localhost:80a',
      'http://localhost:-1',
      'http://a:1:2',
      'http://[::1',
      'http://[::1]x',
      'http://[localhost]:80',
      'http://loc%41lhost',
      'http://localhost%zz',
      'http://loc^alhost',
      'http://local\nhost',
      'http://us er@localhost',
      'Bastion',
      'hello world',
    ].map((text) => [service(text), last]),
    passes: [
      'http://localhost',
      'https://localhost:8000',
      'HTTP://LOCALHOST:8000',
      'ws://localhost',
      'wss://localhost:8000',
      'tcp://127.0.0.1:22',
      'ssh://127.0.0.1',
      'rdp://127.0.0.1',
      'smb://127.0.0.1',
      'ftp://127.0.0.1',
      'http://[::1]:8000',
      'http://[fe80::1%25eth0]:80',
      'http://user:word@localhost:1',
      'http://localhost?x=1',
      'http://localhost#x',
      'http://localhost:',
      'http://under_score:80',
      'http://bücher.example:80',
      'unix:/run/app.sock',
      'unix+tls:/run/app.sock',
      'hello_world',
      'hello-world',
      'helloworld',
      'socks-proxy',
      'bastion',
    ]
      .map((text) => [service(text), last])
      .concat([[{ hostname: 'b.example.com', originRequest: { bastionMode: true } }, last]]),
  },
  'hostname-port': {
    objects: ['a.example.com:443', 'a.example.com:', ':443', '[::1]:80', '*.example.com:80'].map((hostname) => [at(hostname), last]),
    passes: ['a.example.com', '[::1]', '::1', 'a:b:c'].map((hostname) => [at(hostname), last]),
  },
  'hostname-wildcard': {
    objects: ['a.*.example.com', 'a*.example.com', '*.*.example.com', 'example.*', '**'].map((hostname) => [at(hostname), last]),
    passes: ['*.example.com', '*.a.example.com', '*example.com'].map((hostname) => [at(hostname), last]),
  },
  'last-catches-all': {
    objects: [[at('a.example.com')], [{ service: app, path: '/x' }], [last, at('*', { path: '/x' })], [at('*.example.com')]],
    passes: [[last], [{ hostname: '', path: '', service: app }], [at('*')], [at('a.example.com'), last]],
  },
  'only-last-catches-all': {
    objects: [
      [last, last],
      [at('*'), last],
      [{ hostname: '', service: app }, at('a.example.com'), last],
    ],
    passes: [[at('*', { path: '/x' }), last], [{ path: '/x', service: app }, last], [last]],
  },
  'path-pattern': {
    objects: [
      '*/subpath',
      '(',
      '[',
      'a**',
      'a{2}{3}',
      '(?=x)',
      '(?!x)',
      '(?<=x)',
      '\\1',
      '(?P<n',
      '\\8',
      'a{1001}',
      '[z-a]',
      '+',
      '\\',
    ].map((path) => [at('a.example.com', { path }), last]),
    passes: ['/static/.*\\.(jpg|png)$', '^/api', '(?i)/x', '(?P<name>x)', '\\pL+', '[[:alpha:]]', '\\A/x\\z', 'a{2,3}?', '', '/a b'].map(
      (path) => [at('a.example.com', { path }), last],
    ),
  },
  duplicate: {
    objects: [
      [at('a.example.com'), at('A.example.com'), last],
      [at('a.example.com', { path: '/x' }), at('a.example.com', { path: '/x' }), last],
      [at('*', { path: '/x' }), { path: '/x', service: app }, last],
    ],
    passes: [
      [at('a.example.com', { path: '/x' }), at('a.example.com'), last],
      [at('a.example.com'), at('b.example.com'), last],
    ],
  },
  unreachable: {
    objects: [
      [at('*.example.com'), at('a.example.com'), last],
      [at('*.example.com'), at('*.a.example.com'), last],
      [at('a.example.com'), at('a.example.com', { path: '/x' }), last],
      [at('*.example.com', { path: '/x' }), at('a.example.com', { path: '/x' }), last],
    ],
    passes: [
      [at('a.example.com'), at('*.example.com'), last],
      [at('*.example.com'), at('example.com'), last],
      [at('*.example.com'), at('badexample.com'), last],
      [at('*.example.com', { path: '/x' }), at('a.example.com', { path: '/y' }), last],
      [at('a.example.com', { path: '/x' }), at('a.example.com'), last],
    ],
  },
  'hostname-never-asked': {
    objects: ['*example.com', 'a..example.com', `${'a'.repeat(64)}.example.com`, '*.', `${'a.'.repeat(127)}example.com`].map((hostname) => [
      at(hostname),
      last,
    ]),
    passes: ['a.example.com', '*.example.com', 'localhost', 'bücher.example'].map((hostname) => [at(hostname), last]),
  },
  'service-unreachable': {
    objects: ['unix:', 'unix+tls:', 'tcp+udp://localhost:1', 'gopher://localhost:70', 'ftp://localhost', 'http://localhost:65536'].map(
      (text) => [service(text), last],
    ),
    passes: [app, 'ssh://localhost', 'unix:/x', 'tcp://localhost', 'https://[::1]:65535'].map((text) => [service(text), last]),
  },
};

test('every check has its cases', () => {
  expect(Object.keys(table)).toEqual(['shape', ...checks.map(({ name }) => name)]);
});

describe.each(Object.entries(table))('%s', (name, { objects, passes }) => {
  const found = (rules: Rule[]) => {
    const { errors, warnings } = validateIngress(rules);
    return [...errors, ...warnings].map(({ check }) => check);
  };
  test.each(objects.map((rules) => [rules]))('objects to %j', (rules) => expect(found(rules)).toContain(name));
  test.each(passes.map((rules) => [rules]))('passes %j', (rules) => expect(found(rules)).not.toContain(name));
});

test('a list without rules is none', () => {
  expect(validateIngress([])).toMatchObject({ valid: false, errors: [{ rule: 0, check: 'empty' }] });
});

test('all that is wrong is said at once, with the number of the rule; warnings alone leave it valid', () => {
  const { valid, errors, warnings } = validateIngress([
    at('a.*.com', { path: '(' }),
    at('b.example.com'),
    at('B.example.com'),
    at('c.example.com:1'),
  ]);
  expect(valid).toBe(false);
  expect(errors.map(({ rule, check }) => [rule, check])).toEqual([
    [1, 'hostname-wildcard'],
    [1, 'path-pattern'],
    [4, 'hostname-port'],
    [4, 'last-catches-all'],
  ]);
  expect(warnings).toEqual([{ rule: 3, check: 'duplicate', message: expect.stringContaining('rule 2') }]);
  expect(validateIngress([at('a.example.com'), at('a.example.com'), last]).valid).toBe(true);
});

test('a star in upper case answers for no name, as cloudflared has it', () => {
  const rules = [at('*.Example.com'), at('A.example.com'), last];
  expect(validateIngress(rules)).toMatchObject({ valid: true, warnings: [] });
  expect(findRule(rules, 'a.example.com', '/')).toBe(1);
});

test('bastionMode of the whole tunnel makes services unnecessary, and is checked itself', () => {
  expect(validateIngress([{ hostname: 'a.example.com' }, last], { bastionMode: true })).toMatchObject({ valid: true });
  expect(
    validateIngress([{ hostname: 'a.example.com', originRequest: { bastionMode: false } }, last], { bastionMode: true }),
  ).toMatchObject({
    valid: false,
  });
  expect(validateIngress([last], { tlsTimeout: 'long' })).toMatchObject({ errors: [{ rule: 0, check: 'origin-request' }] });
});

test.each([
  ['tunnel-a.example.com', '/', 0],
  ['Tunnel-A.example.com:443', '/pages/about', 0],
  ['tunnel-b.example.com', '/health', 1],
  ['tunnel-b.example.com', '/index.html', 5],
  ['x.wild.example.com', '/static/a.html', 2],
  ['x.wild.example.com', '/a', 3],
  ['wild.example.com', '/a', 5],
  ['x.Wild.example.com', '/a', 3],
  ['xn--bcher-kva.example.com', '/', 4],
  ['[::1]:80', '/', 5],
])('%s%s is answered by rule %i', (host, path, index) => {
  const rules = [
    at('tunnel-a.example.com'),
    at('tunnel-b.example.com', { path: '/health' }),
    at('*.wild.example.com', { path: '/static/.*\\.html' }),
    at('*.wild.example.com'),
    at('bücher.example.com'),
    last,
  ];
  expect(findRule(rules, host, path)).toBe(index);
});

test('a pattern made to be slow is answered at once', () => {
  const began = performance.now();
  expect(findRule([at('*', { path: '^(a+)+$' }), last], 'x', `/${'a'.repeat(50_000)}!`)).toBe(1);
  expect(performance.now() - began).toBeLessThan(2000);
});

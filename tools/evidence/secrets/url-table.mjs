// Where no secret may go: the ways that parsers, resolvers and people have been led astray, as a table.

const addresses = [
  '127.0.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '93.184.216.34',
];

const parts = (address) => address.split('.').map(Number);
const whole = (address) => parts(address).reduce((sum, part) => sum * 256 + part, 0);
const pad = (number, width = 4) => number.toString(16).padStart(width, '0');
const high = (address) => pad(Math.floor(whole(address) / 65_536));
const low = (address) => pad(whole(address) % 65_536);
const groups = (address) => `${high(address)}:${low(address)}`;
const inverted = (address) => [high(address), low(address)].map((group) => pad(0xffff ^ parseInt(group, 16))).join(':');

/** One IPv4 address as parsers of URLs read it. */
const forms4 = {
  dotted: (address) => address,
  'trailing dot': (address) => `${address}.`,
  octal: (address) =>
    parts(address)
      .map((part) => `0${part.toString(8)}`)
      .join('.'),
  'padded octal': (address) =>
    parts(address)
      .map((part) => part.toString(8).padStart(8, '0'))
      .join('.'),
  hex: (address) =>
    parts(address)
      .map((part) => `0x${part.toString(16)}`)
      .join('.'),
  'mixed bases': (address) =>
    parts(address)
      .map((part, index) => (index % 2 ? `0x${part.toString(16)}` : `0${part.toString(8)}`))
      .join('.'),
  'one hex number': (address) => `0x${whole(address).toString(16)}`,
  'one HEX number': (address) => `0X${whole(address).toString(16).toUpperCase()}`,
  'one number': (address) => String(whole(address)),
  'one octal number': (address) => `0${whole(address).toString(8)}`,
  'three parts': (address) => [...parts(address).slice(0, 2), whole(address) % 65_536].join('.'),
  'two parts': (address) => [parts(address)[0], whole(address) % 16_777_216].join('.'),
  'full-width digits': (address) => address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'ideographic stops': (address) => address.replaceAll('.', '。'),
  'percent-encoded': (address) => address.replaceAll('.', '%2e'),
};

/** It inside an IPv6 address. */
const forms6 = {
  mapped: (address) => `::ffff:${address}`,
  'mapped, hex': (address) => `::ffff:${groups(address)}`,
  'mapped, in full': (address) => `0000:0000:0000:0000:0000:ffff:${groups(address)}`,
  compatible: (address) => `::${address}`,
  'compatible, hex': (address) => `::${groups(address)}`,
  translated: (address) => `::ffff:0:${groups(address)}`,
  NAT64: (address) => `64:ff9b::${groups(address)}`,
  'local NAT64': (address) => `64:ff9b:1::${groups(address)}`,
  '6to4': (address) => `2002:${groups(address)}::1`,
  Teredo: (address) => `2001:0:${groups(address)}:0:0:${inverted(address)}`,
  ISATAP: (address) => `fe80::5efe:${groups(address)}`,
};

// prettier-ignore
const plain6 = [
  '::', '::1', '0:0:0:0:0:0:0:1', '100::1', '2001:db8::1', '2001:2::1', '2620:4f:8000::1', '3fff::1', '5f00::1',
  'fc00::1', 'fd00::1', 'fd00:ec2::254', 'fd20:ce::254', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', '4000::1', 'e000::1',
];

// prettier-ignore
const moreV4 = [
  '0.1.2.3', '10.255.255.255', '100.64.0.1', '127.255.255.254', '169.254.170.2', '169.254.170.23', '172.31.255.255', '192.0.0.192',
  '192.0.2.1', '192.88.99.1', '192.168.255.255', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
];

// prettier-ignore
const localNames = [
  'localhost', 'localhost.', 'LOCALHOST', 'ip6-localhost', 'metadata', 'instance-data', 'host', 'api', 'com',
];

/** Full names that are nobody's permission: they are told apart by the list of allowed hosts alone. */
// prettier-ignore
const otherNames = [

  'metadata.google.internal', 'metadata.google.internal.', 'instance-data.ec2.internal', 'metadata.azure.internal', 'kubernetes.default.svc',
  'host.docker.internal', 'gateway.docker.internal', 'localhost.localdomain', 'app.localhost', 'printer.local', '127.0.0.1.nip.io',
  '169.254.169.254.sslip.io', 'localtest.me', 'api.example.com.evil.example.net', 'evil-api.example.com', 'evilapi.example.com',
  'api.example.com-evil.net', 'api.example.comevil.net', 'api.example.co', 'api.example.com.', 'api.example.com..', '.api.example.com',
  'sub.api.example.com', 'example.com', 'www.example.com', 'api-example.com', 'api.examp1e.com', 'api.example.com%00.evil.net',
  'api.example.com%2eevil.example.net', 'api.example.com%252f.evil.net', 'xn--pi-7kc.example.com', 'аpi.example.com', 'api.exаmple.com',
  'api.example.ⅽom.evil.net', 'xn--e1afmkfd.xn--p1ai', '*.example.com', 'api_example.com', 'api.example.com,evil.net', 'api.example.com;evil.net',
  "api.example.com'evil.net", 'api.example.com|evil.net', 'odd.example.com', 'odd.example.com:443', 'odd.example.com:8444',
  'odd.example.com:84430', 'api.example.com:80', 'api.example.com:8443', 'api.example.com:22', 'api.example.com:0', 'api.example.com:65536',
  'api.example.com:-1', 'api.example.com:443:443', 'api.example.com:x',
];

/** What is wrong outside the host. `evil.example.net` is where a parser that errs would go, or to the host by another way. */
// prettier-ignore
const wholeUrls = [
  'http://api.example.com/', 'HTTP://api.example.com/', 'http://api.example.com:443/', 'ftp://api.example.com/', 'ws://api.example.com/',
  'wss://api.example.com/', 'file:///etc/passwd', 'file://api.example.com/etc/passwd', 'gopher://api.example.com/', 'dict://api.example.com:11211/',
  'data:text/plain,x', 'javascript:alert(1)', 'blob:https://api.example.com/x', 'view-source:https://api.example.com/', 'jar:https://api.example.com!/',
  'ldap://api.example.com/', 'unix:/var/run/docker.sock', '//api.example.com/', '/api.example.com/', 'api.example.com/', 'https:api.example.com/',
  'https:/api.example.com/', 'https:///api.example.com/', 'https:////api.example.com/', 'https:\\\\api.example.com\\', 'https://\\api.example.com/',
  'https://evil.example.net\\@api.example.com/', 'https://api.example.com\\@evil.example.net/', 'https://api.example.com\\.evil.example.net/',
  'https://api.example.com@evil.example.net/', 'https://api.example.com:443@evil.example.net/', 'https://evil.example.net@api.example.com/',
  'https://user:pass@api.example.com/', 'https://user@api.example.com/', 'https://:pass@api.example.com/',
  'https://api.example.com%40evil.example.net/', 'https://evil.example.net#@api.example.com/', 'https://evil.example.net?@api.example.com/',
  'https://evil.example.net/api.example.com', 'https://evil.example.net;api.example.com/', 'https://api.example.com&@evil.example.net/',
  'https://api.example.com@@evil.example.net/', ' https://api.example.com/', 'https://api.example.com/ x', 'https://api.example\n.com/',
  'https://api.example\t.com/', 'ht\ntps://api.example.com/', 'https://api.exa\0mple.com/', 'https://api.example.com/\r\nHost: evil.example.net',
  'https://api.example.com/?x=\r\nHost: evil.example.net', 'https://', 'https://?', 'https://#', 'https:// /', '', 'https://[api.example.com]/',
  'https://[::1', 'https://::1/', 'https://[fe80::1%eth0]/', 'https://[fe80::1%25eth0]/', 'https://[::1]:443/', 'https://[::1]@api.example.com/',
  'https://[::ffff:127.0.0.1%25lo]/', 'https://[v1.x]/', 'https://{{secret:shop/acme/key}}.example.com/', 'https://api.example.com/{{secret:shop/acme/key}}',
  'https://{{secret:shop/acme/key}}@api.example.com/', 'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/', 'https://①②⑦.⓪.⓪.①/', 'https://127.1/', 'https://127.0.1/', 'https://0/',
  'https://0x0/', 'https://256.256.256.256/', 'https://1.1.1.1.1/', 'https://4294967296/', 'https://0x7f.1/', 'https://0177.1/', 'https://127.0.0.1:8443/',
];

/** `names`: well-formed or not, what is wrong is which host it is, so only a list of allowed hosts or a resolver tells. */
export const hostileUrls = [
  ...addresses.flatMap((address) => Object.entries(forms4).map(([why, form]) => ({ why, url: `https://${form(address)}/` }))),
  ...addresses.flatMap((address) => Object.entries(forms6).map(([why, form]) => ({ why, url: `https://[${form(address)}]/` }))),
  ...plain6.map((address) => ({ why: 'IPv6', url: `https://[${address}]/` })),
  ...moreV4.map((address) => ({ why: 'IPv4', url: `https://${address}/` })),
  ...localNames.map((name) => ({ why: 'no full name', url: `https://${name}/` })),
  ...otherNames.map((name) => ({ why: 'another host', url: `https://${name}/`, names: true })),
  ...wholeUrls.map((url) => ({ why: 'URL', url, names: true })),
];

/** What a resolver may answer with, in the forms that resolvers use. */
export const addressesToResolve = [
  ...addresses.slice(0, -1),
  ...moreV4,
  ...plain6,
  ...addresses.flatMap((address) => Object.values(forms6).map((form) => form(address))),
  'fe80::1%eth0',
  '::1%lo',
  '2606:4700::1111%eth0',
  '127.1',
  '0x7f000001',
  '2130706433',
  'localhost',
  '',
];

/** The same allowed host in other letters: these connect, or a check that refuses everything would hold. */
export const sameHost = [
  ['https://api.example.com/', 'api.example.com'],
  ['https://API.Example.COM/', 'api.example.com'],
  ['HTTPS://api.example.com:443/v1?q={{secret:shop/acme/key}}', 'api.example.com'],
  ['https://odd.example.com:8443/', 'odd.example.com'],
];

import { isIP } from 'node:net';
import { parseGoUrl } from './go-url.js';
import type { Rule } from './rule.js';

const helloWorld = ['hello_world', 'hello-world', 'helloworld'];
const schemes = ['http', 'https', 'ws', 'wss', 'tcp', 'ssh', 'rdp', 'smb', 'unix', 'unix+tls'];
const withDefaultPort = ['http', 'https', 'ws', 'wss', 'tcp', 'ssh', 'rdp', 'smb'];

/** How a rule's service is to be read. */
export type ServiceKind = 'socket' | 'status' | 'hello' | 'socks' | 'bastion' | 'url';

/** The kinds in the order in which cloudflared looks for them. */
export function kindOf({ service = '', originRequest }: Rule, defaults?: Record<string, unknown> | null): ServiceKind {
  if (service.startsWith('unix:') || service.startsWith('unix+tls:')) return 'socket';
  if (service.startsWith('http_status:')) return 'status';
  if (helloWorld.includes(service)) return 'hello';
  if (service === 'socks-proxy') return 'socks';
  const bastionMode = originRequest?.['bastionMode'] ?? defaults?.['bastionMode'];
  if (service === 'bastion' || bastionMode === true) return 'bastion';
  return 'url';
}

/** What is wrong with `http_status:…`. */
export function statusProblem(service: string): string | undefined {
  const text = service.slice('http_status:'.length);
  const code = /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
  if (code === undefined) return 'http_status: needs a number, such as http_status:404';
  if (code < 100 || code > 999) return `${code} is no HTTP status: it has three digits`;
  return undefined;
}

/** What is wrong with an address. */
export function addressProblem(service: string): string | undefined {
  if (service === '') return 'it has no service';
  const url = parseGoUrl(service);
  if (typeof url === 'string') return `${shown(service)} is no address: ${url}`;
  if (url.scheme === '' || url.hostname === '') return `${shown(service)} needs a scheme and a host, such as http://localhost:3000`;
  if (url.path !== '') return `${shown(service)} must not have a path, not even a slash: the path is that of the request`;
  return undefined;
}

/** What cloudflared takes but cannot work with. */
export function addressWarning(service: string): string | undefined {
  const url = parseGoUrl(service);
  if (typeof url === 'string') return undefined;
  if (!schemes.includes(url.scheme)) return `${url.scheme}: is not known: it is passed on as plain TCP`;
  if (url.port === '' && !withDefaultPort.includes(url.scheme)) return `${url.scheme}: needs a port`;
  if (Number(url.port) > 65_535) return `port ${url.port} does not exist`;
  return undefined;
}

/** What is wrong with the address rules of a SOCKS proxy. */
export function ipRulesProblem(ipRules: unknown): string | undefined {
  if (ipRules === undefined || ipRules === null) return undefined;
  for (const rule of ipRules as { prefix?: unknown; ports?: unknown }[]) {
    if (typeof rule?.prefix !== 'string' || !isCidr(rule.prefix)) return 'each of ipRules needs a prefix, such as 10.0.0.0/8';
    const ports = (rule.ports ?? []) as unknown[];
    if (!Array.isArray(ports) || ports.some((port) => !Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535))
      return 'ports of ipRules are numbers from 1 to 65535';
  }
  return undefined;
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  return version > 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && !/^0\d/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

function shown(service: string): string {
  return JSON.stringify(service.slice(0, 100));
}

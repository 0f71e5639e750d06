import { isIPv6 } from 'node:net';

/** An address as Go's net/url reads it, as far as a rule's service needs it. */
export interface GoUrl {
  scheme: string;
  hostname: string;
  port: string;
  path: string;
}

/** Reads an address the way cloudflared does, which WHATWG's URL does not. @returns what is wrong, where something is */
export function parseGoUrl(text: string): GoUrl | string {
  const [beforeHash = '', ...hash] = text.split('#');
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(beforeHash)) return 'it holds a control character';
  if (badEscape(hash.join('#'))) return 'it holds an invalid % escape';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(beforeHash)?.[1];
  if (scheme === undefined) {
    if (beforeHash.startsWith(':')) return 'its scheme is missing';
    const first = beforeHash.split('?')[0]!.split('/')[0]!;
    return first.includes(':') ? 'it has no scheme before its first colon' : { scheme: '', hostname: '', port: '', path: beforeHash };
  }
  const rest = beforeHash.slice(scheme.length + 1).split('?')[0]!;
  const base = { scheme: scheme.toLowerCase(), hostname: '', port: '', path: '' };
  if (!rest.startsWith('//')) return { ...base, path: rest.startsWith('/') ? rest : '' };
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (badEscape(path)) return 'it holds an invalid % escape';
  const host = parseAuthority(authority);
  return typeof host === 'string' ? host : { ...base, ...host, path };
}

function parseAuthority(authority: string): { hostname: string; port: string } | string {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const user = authority.slice(0, at);
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return 'its user name holds an invalid character';
    if (badEscape(user)) return 'it holds an invalid % escape';
  }
  const host = authority.slice(at + 1);
  return host.startsWith('[') ? parseBracketed(host) : parsePlain(host);
}

function parseBracketed(host: string): { hostname: string; port: string } | string {
  const end = host.lastIndexOf(']');
  if (end < 0) return 'a ] is missing in its host';
  const address = host.slice(1, end);
  const port = host.slice(end + 1);
  if (!/^(:\d*)?$/.test(port)) return 'its port is not a number';
  if (!isIPv6(address.replace(/%25.*$/, ''))) return 'what stands in [ ] is no IPv6 address';
  return { hostname: address, port: port.slice(1) };
}

function parsePlain(host: string): { hostname: string; port: string } | string {
  const colon = host.lastIndexOf(':');
  const hostname = colon < 0 ? host : host.slice(0, colon);
  const port = colon < 0 ? '' : host.slice(colon + 1);
  if (!/^\d*$/.test(port)) return 'its port is not a number';
  if (hostname.includes(':')) return 'its host holds a colon; an IPv6 address stands in [ ]';
  // An escape may stand for what is not ASCII only.
  if (/%(?![89A-Fa-f][0-9A-Fa-f]|25)/.test(hostname)) return 'it holds an invalid % escape';
  if (/[^\u0080-\u{10ffff}A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%]/u.test(hostname)) return 'its host holds an invalid character';
  return { hostname, port };
}

function badEscape(text: string): boolean {
  return /%(?![0-9A-Fa-f]{2})/.test(text);
}

import { isIP } from 'node:net';
import { SupervisorError } from '@supervisor/core';
import { pathsIn } from './placeholders.js';

/** Where a request goes, checked as far as can be without a network. */
export interface Target {
  hostname: string;
  port: number;
  /** As in `allowedHosts`: the name, with its port where that is not 443. */
  host: string;
  /** Of the URL as it was given: not yet filled in. */
  pathname: string;
  query: string;
}

const hostName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** Why a host is refused; undefined when it is fine: a full name, with a port where that is not 443. */
export function hostProblem(host: string): string | undefined {
  const [name = '', port, ...rest] = host.split(':');
  const fine =
    hostName.test(name) &&
    rest.length === 0 &&
    (port === undefined || (/^[1-9][0-9]{0,4}$/.test(port) && +port < 65_536 && port !== '443'));
  return fine ? undefined : 'must be an exact host such as api.example.com, or api.example.com:8443: lower case, no address, no wildcard';
}

/** @throws SupervisorError `invalid_input` when it is no list, or one of them is refused */
export function checkHosts(hosts: readonly string[]): void {
  const problem = Array.isArray(hosts) ? hosts.map(hostProblem).find((each) => each !== undefined) : 'must be a list of hosts';
  if (problem) throw new SupervisorError('invalid_input', `allowedHosts ${problem}.`, { fields: ['allowedHosts'] });
}

/** @throws SupervisorError `invalid_input`, without the URL: it may hold a value */
export function parseTarget(url: string): Target {
  const address = url.replace(/#.*$/s, '');
  const at = address.indexOf('?');
  const [before, query] = at === -1 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
  if (pathsIn(before).length > 0) throw refusal('a secret goes into a header, the query or the body, not into the address.');
  // The URL parser takes what browsers take: other slashes, white space and control characters anywhere.
  if (!/^https:\/\/[^/\\]/i.test(before)) throw refusal('it must start with https://.');
  if (/[\s\\\x00-\x20\x7f]/.test(before) || /[\x00-\x1f\x7f]|\p{Cs}/u.test(query))
    throw refusal('it must not hold spaces, control characters or backslashes.');
  const parsed = parse(before);
  if (parsed.username !== '' || parsed.password !== '') throw refusal('it must not hold a user or password: use the header Authorization.');
  const { hostname } = parsed;
  if (hostname.startsWith('[') || isIP(hostname) !== 0) throw refusal('it must name a host, not an address.');
  const host = parsed.port === '' ? hostname : `${hostname}:${parsed.port}`;
  if (hostProblem(host) !== undefined) throw refusal('its host must be a full name such as api.example.com.');
  return { hostname, port: Number(parsed.port || 443), host, pathname: parsed.pathname, query };
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw refusal('it is not one.');
  }
}

function refusal(problem: string): SupervisorError {
  return new SupervisorError('invalid_input', `The URL cannot be used: ${problem}`, { fields: ['url'] });
}

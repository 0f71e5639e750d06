import { isIP, isIPv6 } from 'node:net';
import { SupervisorError } from '@supervisor/core';

/** Where the service listens, and under which URL others reach it. */
export interface Address {
  /** An IP address of this machine; `0.0.0.0` or `::` for all of them. */
  host: string;
  port: number;
  /** The origin that other machines use, such as `https://supervisor.example.com`; absent on loopback. */
  publicUrl?: string | undefined;
}

export const loopback = '127.0.0.1';

const everywhere = ['0.0.0.0', '::'];

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @throws SupervisorError `invalid_input`: a name could mean several addresses, or another one tomorrow */
export function parseHost(text: string): string {
  if (isIP(text)) return text;
  throw new SupervisorError('invalid_input', 'SUPERVISOR_HOST must be an IP address: 127.0.0.1, one of this machine, or 0.0.0.0 for all.');
}

/** @throws SupervisorError `invalid_input` when other machines can connect, but under no URL that would be answered */
export function checkReachable({ host, publicUrl }: Pick<Address, 'host' | 'publicUrl'>): void {
  if (isLoopback(host) || publicUrl !== undefined) return;
  throw new SupervisorError(
    'invalid_input',
    `SUPERVISOR_HOST ${host} lets other machines connect: set SUPERVISOR_PUBLIC_URL to the URL they use, such as https://supervisor.example.com.`,
  );
}

/** The URL for programs of this machine. */
export function localUrl({ host, port }: Address): string {
  return everywhere.includes(host) ? `http://${loopback}:${port}` : `http://${bracketed(host)}:${port}`;
}

/** Every origin this address is reached by, the one to tell others first. Host and Origin of a request are held against them. */
export function originsOf(address: Address): string[] {
  const { host, port, publicUrl } = address;
  const onLoopback = isLoopback(host) || everywhere.includes(host);
  const names = onLoopback ? [loopback, 'localhost', '[::1]'] : [bracketed(host)];
  const local = names.map((name) => `http://${name}:${port}`);
  return [...new Set([...(publicUrl ? [publicUrl] : []), localUrl(address), ...local])];
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

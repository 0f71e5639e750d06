import { SupervisorError } from './errors.js';

/**
 * The origin that a text names.
 * @param what names the text to a person, such as `SUPERVISOR_PUBLIC_URL`
 * @throws SupervisorError `invalid_input` for anything but http or https, a host and a port
 */
export function parseOrigin(text: string, what: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new SupervisorError('invalid_input', `${what} must be like https://service.example.com, without user, path or query.`);
}

/** Whether the origin is on this machine. */
export function isLocal(origin: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(origin).hostname);
}

/** Whether a token for it would cross a network unencrypted. */
export function isPlain(origin: string): boolean {
  return origin.startsWith('http:') && !isLocal(origin);
}

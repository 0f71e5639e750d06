import { validateHeaderName } from 'node:http';
import { SupervisorError } from '@supervisor/core';

// Set by the request itself, or they would get an answer past what hides values: a part of it, or a packed one.
const own = new Set([
  'host',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
  'range',
  // Its old name, which Apache still obeys.
  'request-range',
  'if-range',
]);

const shown =
  /^(?:content-type|content-language|date|etag|last-modified|location|link|retry-after|allow|www-authenticate|x-request-id|request-id|(?:x-)?ratelimit-.*)$/;

/** @throws SupervisorError `invalid_input` for a name that is none, or that the request sets itself */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(headers)) {
    if (!isHeaderName(name) || own.has(name.toLowerCase()) || name.toLowerCase().startsWith('proxy-'))
      throw new SupervisorError('invalid_input', `The header ${JSON.stringify(name.slice(0, 40))} cannot be set.`, { fields: ['headers'] });
  }
}

/** What of an answer's headers is worth telling: no cookie, and nothing about the machines between. */
export function shownHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value !== undefined && shown.test(name) ? [[name, [value].flat().join(', ')]] : [],
    ),
  );
}

function isHeaderName(name: string): boolean {
  try {
    validateHeaderName(name);
    return true;
  } catch {
    return false;
  }
}

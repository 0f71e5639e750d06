import { domainToASCII } from 'node:url';
import { isEveryHost } from './rule.js';

/**
 * Whether a rule for `pattern` answers for a name, which comes in lower case. cloudflared compares letter by letter, and besides with the
 * pattern in Punycode, which is in lower case too and which a pattern with a star has none of.
 */
export function matchesHost(pattern: string | undefined, name: string): boolean {
  if (isEveryHost(pattern) || pattern === name) return true;
  const asked = name.toLowerCase();
  if (pattern!.startsWith('*.')) return asked.endsWith(pattern!.slice(1));
  return pattern === asked || punycodeOf(pattern!) === asked;
}

// Each rule is compared with each, and to convert a long name takes longer than all else.
const converted = new Map<string, string>();
const mostConverted = 2000;

function punycodeOf(name: string): string {
  const known = converted.get(name);
  if (known !== undefined) return known;
  if (converted.size >= mostConverted) converted.clear();
  const ascii = domainToASCII(name);
  converted.set(name, ascii);
  return ascii;
}

/** Whether every name that `later` answers for is already answered by `earlier`. */
export function coversHost(earlier: string | undefined, later: string | undefined): boolean {
  if (isEveryHost(earlier)) return true;
  return !isEveryHost(later) && matchesHost(earlier, later!);
}

/** Whether a text is `host:port` as Go's net.SplitHostPort reads it. */
export function hasPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return false;
  if (!text.startsWith('[')) return !text.slice(0, colon).includes(':') && !/[[\]]/.test(text);
  const end = text.indexOf(']');
  return end + 1 === colon && !text.slice(1).includes('[') && !text.slice(end + 1).includes(']');
}

/** A name without the port that a Host header may carry. */
export function withoutPort(text: string): string {
  return hasPort(text) ? text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, '') : text;
}

import { domainToASCII } from 'node:url';
import { SupervisorError } from '@supervisor/core';

/** A name as DNS and Cloudflare write it: lower-case, Punycode, without the last dot. @throws SupervisorError `invalid_input` */
export function dnsName(text: string): string {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  // domainToASCII refuses a star, and takes an underscore, which names of TXT and SRV records begin with.
  const star = bare.startsWith('*.');
  const ascii = domainToASCII(star ? bare.slice(2) : bare).toLowerCase();
  const name = star ? `*.${ascii}` : ascii;
  // domainToASCII cuts at some of these and decodes others; of numbers it makes an address.
  const given = !/[/\\?#%@:\s]/.test(text) && !/(^|\.)(0x[0-9a-f]*|[0-9]+)$/.test(name);
  const valid =
    given && name.length <= 253 && (star ? ascii : name).split('.').every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));
  if (valid && name.includes('.')) return name;
  throw new SupervisorError('invalid_input', `${JSON.stringify(text)} is no name in DNS. Give a whole one, such as app.example.com.`);
}

/** The same where it can be written like that, else as it is: what Cloudflare has need not be what we would take. */
export function nameIn(text: string): string {
  try {
    return dnsName(text);
  } catch {
    return text;
  }
}

/** Whether a name is the zone's own, or below it. */
export function isInZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

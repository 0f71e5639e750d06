/**
 * The one table of disguises a value is looked for in. Each row gives every form that common tools write.
 * What is not here, such as compression, encryption or a text cut into pieces with others between them, is not found.
 */
export interface Encoding {
  name: string;
  /** Its writers break it into lines, so a match goes on behind a line end. */
  wraps?: true;
  /** Each form of a value's beginning stands in the form of the value at the same place of the list. */
  forms(value: string): (string | Buffer)[];
}

export const encodings: readonly Encoding[] = [
  { name: 'raw', forms: (value) => [value, value.replace(/\r?\n/g, '\r\n')] },
  { name: 'reversed', forms: (value) => [[...value].toReversed().join(''), Buffer.from(Buffer.from(value).toReversed())] },
  { name: 'utf-16', forms: (value) => [Buffer.from(value, 'utf16le'), Buffer.from(value, 'utf16le').swap16()] },
  { name: 'base64', wraps: true, forms: (value) => atEveryOffset(value, 'base64') },
  { name: 'base64url', wraps: true, forms: (value) => atEveryOffset(value, 'base64url') },
  { name: 'hex', wraps: true, forms: (value) => bothCases(Buffer.from(value).toString('hex')) },
  { name: 'hex bytes', forms: (value) => [' ', ':', '-', '\\x', ', 0x', ',0x'].flatMap((between) => bothCases(hex(value, between))) },
  { name: 'decimal bytes', forms: (value) => [',', ', ', ' '].map((between) => [...Buffer.from(value)].join(between)) },
  { name: 'url', forms: urlForms },
  { name: 'json', forms: jsonForms },
  { name: 'html', forms: htmlForms },
  { name: 'shell', forms: shellForms },
];

const longestBeginning = 256;

/** The first 256 characters of a value, or fewer: no character and no escape is cut in two. */
export function beginningOf(value: string): string {
  if (value.length <= longestBeginning) return value;
  return value.slice(0, longestBeginning).replace(/(?:[\ud800-\udbff]|\\u?[0-9a-f]{0,3})$/, '');
}

// Base64 packs three bytes into four characters: what stands before a value shifts it. The characters at its edges that
// also hold bits of a neighbour are left out.
function atEveryOffset(value: string, alphabet: 'base64' | 'base64url'): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((offset) => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString(alphabet);
    return all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

function hex(value: string, between: string): string {
  return [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, '0')).join(between);
}

// The case of the digits, not of an x before them.
function bothCases(text: string): string[] {
  return [text, text.replace(/[a-f]/g, (digit) => digit.toUpperCase())];
}

function urlForms(value: string): string[] {
  const component = encodeURIComponent(value);
  const strict = component.replace(/[!'()*]/g, (char) => percent(char));
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const every = percent(value);
  const upper = [component, strict, form, strict.replaceAll('%20', '+'), component.replaceAll('%20', '+'), encodeURI(value), every];
  return upper.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]);
}

function percent(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function jsonForms(value: string): string[] {
  const plain = escapeJson(value);
  const forms = [
    plain,
    plain.replaceAll('/', '\\/'),
    // Go, then .NET, then writers of ASCII only.
    plain.replace(/[<>&\u2028\u2029]/g, unicode),
    plain.replaceAll('\\"', '\\u0022').replace(/[<>&'+`]|[^\0-\x7f]/g, unicode),
    plain.replace(/[^\0-\x7f]/g, unicode),
    value.replace(/[^]/g, unicode),
  ];
  const cased = forms.flatMap((text) => [text, text.replace(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`)]);
  // Inside a string inside JSON, as a tool's answer often is.
  return [...cased, ...cased.map(escapeJson)];
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function htmlForms(value: string): string[] {
  const tags = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = ['&quot;', '&#34;'].map((quote) => tags.replaceAll('"', quote));
  const apostrophes = ['&#39;', '&#x27;', '&#039;', '&apos;'].flatMap((escape) => quoted.map((text) => text.replaceAll("'", escape)));
  const slashes = apostrophes.map((text) => text.replaceAll('/', '&#x2F;').replaceAll('`', '&#x60;').replaceAll('=', '&#x3D;'));
  const numbered = (prefix: string, base: number) =>
    [...value].map((char) => `&#${prefix}${char.codePointAt(0)!.toString(base)};`).join('');
  return [
    tags,
    ...quoted,
    ...apostrophes,
    ...slashes,
    numbered('', 10),
    numbered('x', 16),
    numbered('x', 16).replace(/[a-f]/g, (digit) => digit.toUpperCase()),
  ];
}

function shellForms(value: string): string[] {
  const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', "'": "\\'", '\\': '\\\\' };
  return [
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    value.replace(/[\\"$`]/g, '\\$&'),
    value.replace(/[\\"$`!]/g, '\\$&'),
    value.replace(/[^A-Za-z0-9_@%+=:,./\n\x80-\u{10ffff}-]/gu, '\\$&'),
    value.replace(/[^A-Za-z0-9_./\n\x80-\u{10ffff}-]/gu, '\\$&'),
    // $'…'
    value.replace(/[\n\r\t'\\]/g, (char) => named[char]!),
  ];
}

// What people write where a key will be, or was.
const placeholders = [
  /^(.)\1*$/,
  /x{4,}|\*{3,}|\.{3,}|…/i,
  /example|placeholder|change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|with|this)|dummy|sample|redacted|insert|todo|fixme/i,
  /(?:^|[^a-z])(?:your|my|the|some|not-a-real)[-_ ]/i,
  /^<.*>$|^\[.*\]$|^\$|^%.*%$|\{\{|\$\{|\$\(|<%/,
  /^(?:null|nil|none|undefined|true|false|empty|secret|password|passwd|pass|guest|token|key|test|testing|string|number|required|optional|unset)$/i,
  /^(?:process\.env|import\.meta|os\.(?:environ|getenv)|env[.([]|getenv|vault:|op:\/\/|secret:|ref\+|file:)/i,
  /^(?:0123456789|1234567890?|abcdef|deadbeef|qwerty)/i,
];

/** Whether a text stands for a value instead of being one. */
export function isPlaceholder(value: string): boolean {
  return placeholders.some((pattern) => pattern.test(value));
}

/** Bits for each character, by how often each stands in the text (Shannon). Random base64 of 32 characters has about 4.5. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

// A part of a name: a word in any of the usual spellings, with a number behind it perhaps, or a number.
const word = /^(?:[A-Za-z]?[a-z]*(?:[A-Z][a-z]+)*|[A-Z]+)[0-9]{0,4}$|^[0-9]{1,8}$/;

/** Whether a text looks made at random: long and mixed, and no path, address, digest, word or date. */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || /\s/.test(value)) return false;
  if (/^[./~]|^[a-z][a-z0-9+.-]*:\/\/|^arn:|^sha[0-9]+[:-]/i.test(value)) return false;
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (value.split(/[-_.:/@]/).every((part) => word.test(part))) return false;
  return entropy(value) >= 3;
}

/** Whether a text could be a password that a person chose: short ones are, words alone and code are not. */
export function looksChosen(value: string): boolean {
  if (value.length < 6 || value.length > 200 || /\s/.test(value)) return false;
  if (/^[./~]|[a-z][a-z0-9+.-]*:\/\/|[([]|=>/i.test(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((pattern) => pattern.test(value)).length;
  const joinedWords = /^[A-Za-z]+(?:[-_. ][A-Za-z]+)*$/.test(value);
  return classes >= 2 && !joinedWords && entropy(value) >= 2.2;
}

// How a program lets a secret out, written without a look at the table that the product searches with.

const shifted = (before) => (value) => {
  // The letters that hold bits of the neighbours are not the secret's alone.
  const text = Buffer.from(`${'x'.repeat(before)}${value}`)
    .toString('base64')
    .replace(/=+$/, '');
  return text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + Buffer.byteLength(value)) * 4) / 3));
};
const printed = (form) => (value, write) => write(`<<${form(value)}>>\n`);
const plainly = (form, more = {}) => ({ form, print: printed(form), ...more });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const raw = (value) => value;
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const percent = (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');

/**
 * `form`: the secret's letters in this disguise; `print` writes them as the program does, through `write(text)`, which
 * resolves when it is out; `join` undoes what stands between the letters.
 */
export const disguises = {
  raw: plainly(raw),
  'base64, first': encodedAfter(0),
  'base64 after a byte': encodedAfter(1),
  'base64 after two bytes': encodedAfter(2),
  base64url: plainly((value) => Buffer.from(value).toString('base64url')),
  hex: plainly((value) => Buffer.from(value).toString('hex')),
  HEX: plainly((value) => Buffer.from(value).toString('hex').toUpperCase()),
  'URL, percent': plainly(encodeURIComponent),
  'URL, every byte': plainly(percent),
  form: plainly((value) => new URLSearchParams({ value }).toString().slice('value='.length)),
  JSON: plainly((value) => JSON.stringify(value).slice(1, -1)),
  shell: plainly((value) => `'${value.replaceAll("'", `'\\''`)}'`),
  HTML: plainly((value) => value.replace(/[&<>"']/g, (char) => entities[char])),
  reversed: plainly((value) => [...value].toReversed().join('')),
  'in two writes': {
    form: raw,
    async print(value, write) {
      const half = value.length >> 1;
      await write(value.slice(0, half));
      await pause(150);
      await write(`${value.slice(half)}\n`);
    },
  },
  'byte by byte': {
    form: raw,
    async print(value, write) {
      for (const byte of Buffer.from(value)) await write(Buffer.of(byte));
      await write('\n');
    },
  },
  'base64 in lines of 76': {
    form: (value) => shifted(120)(value),
    join: (text) => text.replaceAll('\n', ''),
    print: (value, write) => write(`${wrapped(`${'x'.repeat(120)}${value}${'y'.repeat(90)}`)}\n`),
  },
  'in a line of 1 MiB': {
    form: raw,
    print: (value, write) => write(`${'a b'.repeat(175_000)}${value}${'c d'.repeat(175_000)}\n`),
  },
  'twice, overlapping': {
    form: raw,
    print: (value, write) => write(`${value}${value.slice(border(value))}\n`),
  },
};

function encodedAfter(before) {
  const form = shifted(before);
  return { form, print: (value, write) => write(`${Buffer.from(`${'x'.repeat(before)}${value}`).toString('base64')}\n`) };
}

function wrapped(text) {
  return Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n');
}

/** How long the longest beginning is that the value also ends with. */
function border(value) {
  for (let length = value.length - 1; length > 0; length--) if (value.endsWith(value.slice(0, length))) return length;
  return 0;
}

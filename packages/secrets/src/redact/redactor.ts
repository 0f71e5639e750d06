import { Transform } from 'node:stream';
import { Automaton, type Form } from './automaton.js';
import { beginningOf, encodings, type Encoding } from './encodings.js';
import { PlainScanner, WrappedScanner, type Finding, type Scanner } from './scanner.js';

export interface NamedSecret {
  /** What stands in place of the value: `[secret:NAME]`. */
  name: string;
  value: string;
}

/** Takes known values out of text and streams, in every disguise of the table of encodings. */
export interface Redactor {
  text(text: string): string;
  /**
   * `cut`: more followed, so an end is left out that is as long as any form of a value: always as much, or who chooses what
   * stands there would learn a value from how much is missing, character by character.
   */
  bytes(bytes: Buffer, options?: { cut?: boolean }): Buffer;
  /** Bytes in, bytes out. Keeps back only what could still become a value; what holds none passes unchanged. */
  stream(): Transform;
  /** The names of the secrets that stand in a text. */
  find(text: string): string[];
}

/** Values of fewer bytes are not looked for: they stand in ordinary text by chance, and gaps there would tell what they are. */
const shortestValue = 4;
/** Values of fewer bytes are looked for as they stand only: a disguise of so few bytes is found in ordinary text by chance. */
export const shortestDisguised = 8;
// A key in a file of several lines is cut at its line ends by whatever prefixes or indents lines.
const line = /^\S{20,}$/;

/**
 * Built once from the values to hide; holds them for as long as it lives.
 * @param within when the redactor is for this text alone, what does not stand in it is left out: large values cost little then
 */
export function createRedactor(secrets: readonly NamedSecret[], within?: Buffer): Redactor {
  const { plain, wrapped } = formsOf(secrets, within);
  const automata = { plain: new Automaton(plain), wrapped: new Automaton(wrapped) };
  const shortest = Math.min(...wrapped.map(({ bytes }) => bytes.length));
  // With room for the line ends and indents of what is wrapped.
  const longest = Math.max(0, ...plain.map(({ bytes }) => bytes.length), ...wrapped.map(({ bytes }) => 2 * bytes.length));
  const scanners = (): Scanner[] => [
    ...(plain.length > 0 ? [new PlainScanner(automata.plain)] : []),
    ...(wrapped.length > 0 ? [new WrappedScanner(automata.wrapped, shortest)] : []),
  ];
  const redact = (bytes: Buffer, { cut = false } = {}) => {
    const pass = new Pass(scanners());
    return Buffer.concat(cut ? pass.push(bytes, longest) : [...pass.push(bytes), ...pass.end()]);
  };
  return {
    bytes: redact,
    text(text) {
      const bytes = Buffer.from(text);
      const clean = redact(bytes);
      // Text that is not valid Unicode would come back changed.
      return clean.equals(bytes) ? text : clean.toString();
    },
    stream() {
      const pass = new Pass(scanners());
      return new Transform({
        transform(chunk: Buffer, _encoding, done) {
          for (const piece of pass.push(chunk)) this.push(piece);
          done();
        },
        flush(done) {
          for (const piece of pass.end()) this.push(piece);
          done();
        },
      });
    },
    find(text) {
      const pass = new Pass(scanners());
      pass.push(Buffer.from(text));
      pass.end();
      return [...pass.labels].map((label) => label.slice('[secret:'.length, -1));
    },
  };
}

/** A value, and what of it stands alone in a line. */
export function partsOf(value: string): string[] {
  // By way of bytes: what is not valid Unicode becomes what any output would show.
  const whole = Buffer.from(value).toString().trimEnd();
  // A header carries it without the blanks before it, and so may anybody.
  const wholes = [...new Set([whole, whole.trimStart()])];
  const lines = whole.split(/\r?\n/).map((text) => text.trim());
  return lines.length > 1 ? [...wholes, ...lines.filter((text) => line.test(text))] : wholes;
}

function formsOf(secrets: readonly NamedSecret[], within: Buffer | undefined) {
  const [plain, wrapped]: [Form[], Form[]] = [[], []];
  const seen = new Set<string>();
  const stands = within && standsIn(within);
  for (const { name, value } of secrets) {
    for (const part of partsOf(value)) {
      for (const { bytes, wraps } of disguises(part, stands)) {
        const key = bytes.toString('latin1');
        if (seen.has(key)) continue;
        seen.add(key);
        (wraps ? wrapped : plain).push({ bytes, label: `[secret:${name}]` });
      }
    }
  }
  return { plain, wrapped };
}

type Stands = (form: string | Buffer, encoding: Encoding) => boolean;

function* disguises(value: string, stands: Stands | undefined) {
  const length = Buffer.byteLength(value);
  if (length < shortestValue) return;
  const beginning = beginningOf(value);
  for (const encoding of encodings) {
    if (length < shortestDisguised && encoding.name !== 'raw') continue;
    // All forms of a large value are much to write: of most not even the beginning is there.
    if (stands && beginning !== value && ![...new Set(encoding.forms(beginning))].some((form) => stands(form, encoding))) continue;
    for (const form of new Set(encoding.forms(value))) {
      if (!stands || stands(form, encoding)) yield { bytes: Buffer.from(form as string), wraps: encoding.wraps };
    }
  }
}

function standsIn(text: Buffer): Stands {
  const unwrapped = Buffer.from(text.toString('latin1').replace(/[\t\n\r ]+/g, ''), 'latin1');
  return (form, { wraps }) => (wraps ? unwrapped : text).includes(form);
}

/** One pass over a stream of bytes. */
class Pass {
  readonly labels = new Set<string>();
  #kept: Buffer = Buffer.alloc(0);
  /** Where `#kept` starts in all that came. */
  #offset = 0;
  /** In order, none touching the next. */
  #findings: Finding[] = [];

  constructor(private readonly scanners: readonly Scanner[]) {}

  /** @param keep how much is kept back; left out, what could still become a value */
  push(chunk: Buffer, keep?: number): Buffer[] {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    for (const scanner of this.scanners) scanner.push(bytes, this.#kept.length, this.#offset, (finding) => this.#add(finding));
    const pending = keep ?? Math.max(0, ...this.scanners.map((scanner) => scanner.pending(bytes)));
    return this.#release(bytes, this.#offset + bytes.length - pending);
  }

  end(): Buffer[] {
    return this.#release(this.#kept, this.#offset + this.#kept.length);
  }

  #add(finding: Finding): void {
    this.labels.add(finding.label);
    let index = this.#findings.length;
    let merged = finding;
    while (index > 0 && this.#findings[index - 1]!.end > merged.start) {
      const before = this.#findings[index - 1]!;
      if (before.start >= merged.end) {
        index -= 1;
        continue;
      }
      const longest = before.end - before.start >= merged.end - merged.start ? before : merged;
      merged = { start: Math.min(before.start, merged.start), end: Math.max(before.end, merged.end), label: longest.label };
      this.#findings.splice(index - 1, 1);
      index -= 1;
    }
    this.#findings.splice(index, 0, merged);
  }

  // All before `until` is decided, but a finding that reaches beyond it may yet grow.
  #release(bytes: Buffer, until: number): Buffer[] {
    const pieces: Buffer[] = [];
    let position = this.#offset;
    let finding = this.#findings[0];
    while (finding && finding.end <= until) {
      if (finding.start > position) pieces.push(bytes.subarray(position - this.#offset, finding.start - this.#offset));
      pieces.push(Buffer.from(finding.label));
      position = finding.end;
      this.#findings.shift();
      finding = this.#findings[0];
    }
    const end = Math.max(position, Math.min(until, finding?.start ?? until));
    if (end > position) pieces.push(bytes.subarray(position - this.#offset, end - this.#offset));
    this.#kept = bytes.subarray(end - this.#offset);
    this.#offset = end;
    return pieces;
  }
}

import type { Automaton, Form } from './automaton.js';

/** Where a value stands, in bytes from the start of all that was pushed. */
export interface Finding {
  start: number;
  end: number;
  label: string;
}

/** Goes over bytes as they come and remembers what could still become a match. */
export interface Scanner {
  /** @param bytes the last bytes seen, of which those before `from` were pushed already; `offset` is where they start in all */
  push(bytes: Buffer, from: number, offset: number, found: (finding: Finding) => void): void;
  /** How many of the last bytes of `bytes` must be kept for the next push. */
  pending(bytes: Buffer): number;
}

/** Finds forms as they stand. */
export class PlainScanner implements Scanner {
  #state = 0;

  constructor(private readonly automaton: Automaton) {}

  push(bytes: Buffer, from: number, offset: number, found: (finding: Finding) => void): void {
    this.#state = this.automaton.run(this.#state, bytes, from, bytes.length, (form, position) => {
      const end = offset + position;
      found({ start: end - form.bytes.length, end, label: form.label });
    });
  }

  pending(): number {
    return this.automaton.depth(this.#state);
  }
}

const newline = 10;
const carriageReturn = 13;
const alphabet = Uint8Array.from({ length: 256 }, (_, byte) => (/[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte)) ? 1 : 0));
// The shortest line that a tool wraps base64 or hex at is 60 characters. A shorter one ends: nothing is kept back behind it.
const shortestWrapped = 32;

/** Finds forms of letters, digits and `+/_-` also where they are broken into lines, indented ones too. */
export class WrappedScanner implements Scanner {
  #state = 0;
  /** Where the run of characters that such a line is made of began, in all that was pushed. */
  #lineStart = 0;
  #broken = false;

  /** @param shortest the length of the shortest form */
  constructor(
    private readonly automaton: Automaton,
    private readonly shortest: number,
  ) {}

  push(bytes: Buffer, from: number, offset: number, found: (finding: Finding) => void): void {
    const report = (form: Form, position: number) =>
      found({ start: offset + goBack(bytes, position, form.bytes.length), end: offset + position, label: form.label });
    let index = from;
    while (index < bytes.length) {
      const start = index;
      while (index < bytes.length && alphabet[bytes[index]!] === 1) index += 1;
      // A run that is too short for any form, between others that end it, is passed over: most words are.
      const tooShort =
        offset + index - this.#lineStart < Math.min(this.shortest, shortestWrapped) && this.#state === 0 && index < bytes.length;
      if (index > start && !tooShort) this.#state = this.automaton.run(this.#state, bytes, start, index, report);
      if (index > start) this.#broken = false;
      for (; index < bytes.length && alphabet[bytes[index]!] === 0; index++) this.#leave(bytes[index]!, offset + index);
    }
  }

  // What is not of the alphabet ends every form, but for the line end behind a long line and the indent after it.
  #leave(byte: number, position: number): void {
    const wraps = position - this.#lineStart >= shortestWrapped && (byte === newline || byte === carriageReturn);
    this.#broken = isBlank(byte) && (this.#broken || wraps);
    if (!this.#broken) this.#state = 0;
    this.#lineStart = position + 1;
  }

  pending(bytes: Buffer): number {
    const depth = this.automaton.depth(this.#state);
    return depth === 0 ? 0 : bytes.length - goBack(bytes, bytes.length, depth);
  }
}

// Where the last `count` bytes before `end` begin, blanks not counted.
function goBack(bytes: Buffer, end: number, count: number): number {
  let start = end;
  for (let left = count; left > 0;) if (!isBlank(bytes[--start]!)) left -= 1;
  return start;
}

function isBlank(byte: number): boolean {
  return byte === newline || byte === carriageReturn || byte === 32 || byte === 9;
}

/** A text to find, and whose it is. */
export interface Form {
  bytes: Buffer;
  label: string;
}

/**
 * All forms at once in one pass (Aho and Corasick 1975): each byte costs a constant however many forms there are, and the
 * state is the longest end of what was seen that could still become a match.
 */
export class Automaton {
  readonly #forms: readonly Form[];
  readonly #byte: Uint8Array;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #fail: Int32Array;
  readonly #depth: Int32Array;
  /** The longest form that ends in a state, counted from 1; 0 for none. */
  readonly #found: Int32Array;
  /** Complete rows for the start and the states one byte deep, where ordinary text stays. */
  readonly #dense: Int32Array;
  readonly #lastDense: number;

  constructor(forms: readonly Form[]) {
    this.#forms = forms;
    const size = 257 + forms.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#byte = new Uint8Array(size);
    [this.#child, this.#sibling, this.#fail, this.#depth, this.#found] = Array.from({ length: 5 }, () => new Int32Array(size)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    let last = 0;
    const step = (state: number, byte: number) => {
      const known = this.#childOf(state, byte);
      if (known !== 0) return known;
      last += 1;
      this.#byte[last] = byte;
      this.#depth[last] = this.#depth[state]! + 1;
      this.#sibling[last] = this.#child[state]!;
      return (this.#child[state] = last);
    };
    // First, so that their numbers are the low ones. No form is a single byte: a match ends in a later one.
    for (const { bytes } of forms) step(0, bytes[0]!);
    this.#lastDense = last;
    for (const [index, { bytes }] of forms.entries()) {
      const end = bytes.reduce(step, 0);
      this.#found[end] ||= index + 1;
    }
    this.#dense = new Int32Array((this.#lastDense + 1) * 256);
    this.#link(last);
  }

  /** How many of the last bytes could still become a match. */
  depth(state: number): number {
    return this.#depth[state]!;
  }

  /**
   * Goes on from a state over `bytes` from `start` to `end`.
   * @param found called with the longest form that ends before `position`
   */
  run(state: number, bytes: Uint8Array, start: number, end: number, found: (form: Form, position: number) => void): number {
    // Locals, not fields: this loop sees every byte that a child writes.
    const [byte, child, sibling, fail, dense, ending] = [this.#byte, this.#child, this.#sibling, this.#fail, this.#dense, this.#found];
    const lastDense = this.#lastDense;
    for (let index = start; index < end; index++) {
      const next = bytes[index]!;
      if (state <= lastDense) {
        state = dense[(state << 8) | next]!;
        continue;
      }
      let target = 0;
      for (;;) {
        target = child[state]!;
        while (target !== 0 && byte[target] !== next) target = sibling[target]!;
        if (target !== 0) break;
        state = fail[state]!;
        if (state > lastDense) continue;
        target = dense[(state << 8) | next]!;
        break;
      }
      state = target;
      const form = ending[state]!;
      if (form !== 0) found(this.#forms[form - 1]!, index + 1);
    }
    return state;
  }

  #childOf(state: number, byte: number): number {
    let child = this.#child[state]!;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child]!;
    return child;
  }

  // By breadth: a state's failure is one that is less deep.
  #link(last: number): void {
    const queue = new Int32Array(last + 1);
    let queued = 1;
    for (let index = 0; index < queued; index++) {
      const state = queue[index]!;
      if (state <= this.#lastDense) this.#fillRow(state);
      for (let child = this.#child[state]!; child !== 0; child = this.#sibling[child]!) {
        if (state !== 0) this.#fail[child] = this.#next(this.#fail[state]!, this.#byte[child]!);
        this.#found[child] ||= this.#found[this.#fail[child]!]!;
        queue[queued++] = child;
      }
    }
  }

  #fillRow(state: number): void {
    if (state !== 0) this.#dense.copyWithin(state << 8, 0, 256);
    for (let child = this.#child[state]!; child !== 0; child = this.#sibling[child]!)
      this.#dense[(state << 8) | this.#byte[child]!] = child;
  }

  #next(state: number, byte: number): number {
    while (state > this.#lastDense) {
      const child = this.#childOf(state, byte);
      if (child !== 0) return child;
      state = this.#fail[state]!;
    }
    return this.#dense[(state << 8) | byte]!;
  }
}

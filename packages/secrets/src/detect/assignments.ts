import { isPlaceholder, looksChosen, looksRandom } from './worth.js';

/** A name of something secret with a value that looks like one. */
export interface Assignment {
  name: string;
  start: number;
  end: number;
  kind: 'api_key' | 'token' | 'password';
}

// The name begins a word, so a long run of letters is looked at once.
const naming = /(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{2,80})(?:\\?["'`])?\]?\s{0,4}(?:=>|:=|[=:])\s{0,4}/g;
// A longer value has a form of its own.
const quoted = /\\?(["'`])((?:(?!\1)[^\\\n]|\\(?!\1)[^\n]){0,500})\\?\1/y;
const bare = /[^\s"'`,;<>(){}[\]]{1,500}/y;
const code = /\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|cs|rb|php|swift|c|h|cpp|scala|dart|vue|svelte)$/i;

const secretName = /(?:^|[_.-])pass$|key|token|secret|passw(?:or)?d|passwd|passphrase|pwd|credential|auth/i;
const passwordName = /(?:^|[_.-])pass$|passw|pwd|passphrase/i;
const otherName =
  /publi(?:c|shable)|idempotency|site_?key|token_?id$|_arn$|keyword|keyboard|keystroke|keyframe|monkey|turkey|hockey|tokeniz|tokens$|max_?token|token_?(?:count|limit|type|url|endpoint|budget)|key_?(?:id|name|type|path|file|code|size|length|usage|prefix|vault|ring|space|schema)$|(?:primary|foreign|sort|partition|cache|object|hot|row|short|arrow|page)_?key$|secret_?(?:name|id|arn|path|ref)$|author|hash|digest|checksum|fingerprint|integrity|password_?(?:field|policy|length|hash|reset)|auth_?(?:url|type|method|mode|provider|user|domain|endpoint)|version$|_url$|_uri$|_file$/i;

/** Values beside a likely name. In source code only quoted ones: there a bare word is a variable. */
export function findAssignments(text: string, file?: string): Assignment[] {
  const inCode = file !== undefined && code.test(file);
  const found: Assignment[] = [];
  for (const match of text.matchAll(naming)) {
    const name = match[1]!;
    if (!secretName.test(name) || otherName.test(name)) continue;
    const value = valueAt(text, match.index + match[0].length, inCode);
    if (!value || isPlaceholder(value.text)) continue;
    const chosen = passwordName.test(name);
    if (chosen ? !looksChosen(value.text) : !looksRandom(value.text)) continue;
    const kind = chosen ? 'password' : /token|auth/i.test(name) ? 'token' : 'api_key';
    found.push({ name, start: value.start, end: value.start + value.text.length, kind });
  }
  return found;
}

function valueAt(text: string, position: number, inCode: boolean): { text: string; start: number } | undefined {
  quoted.lastIndex = position;
  const inQuotes = quoted.exec(text);
  if (inQuotes) return { text: inQuotes[2]!, start: position + inQuotes[0].indexOf(inQuotes[1]!) + 1 };
  if (inCode) return undefined;
  bare.lastIndex = position;
  const word = bare.exec(text);
  return word ? { text: word[0], start: position } : undefined;
}

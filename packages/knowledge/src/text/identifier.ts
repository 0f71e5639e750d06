/**
 * The words inside a name as code and systems write it: `getUserById`, `postgresql-15`, `src/auth/token.ts`.
 * A plain word is its own only part.
 */
export function wordsOf(name: string): string[] {
  return name.split(/[^\p{L}\p{N}\p{M}]+/u).flatMap((part) => (part === '' ? [] : splitHumps(part)));
}

/** What is kept whole besides its words: the name itself and, of a path, each segment that is a name too. */
export function wholesOf(name: string): string[] {
  const segments = name.split(/[/\\]+/).filter(Boolean);
  const candidates = segments.length > 1 ? [name, ...segments] : [name];
  return candidates.filter((candidate) => candidate.length <= longest && isCompound(candidate)).map((candidate) => candidate.toLowerCase());
}

// Longer ones are URLs and encoded data: nobody asks for them letter by letter.
const longest = 80;

function isCompound(name: string): boolean {
  return /[^\p{L}\p{N}\p{M}]/u.test(name) || splitHumps(name).length > 1;
}

// getHTTPServer2 → get HTTP Server 2; a single letter stays with its number (v2, i18n).
function splitHumps(part: string): string[] {
  return part.split(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L}\p{L})(?=\p{N})/u);
}

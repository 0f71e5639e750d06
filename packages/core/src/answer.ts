/** The text of an answer. @throws Error past so many bytes, and as `fetch` does when it breaks off */
export async function readText(response: Response, mostBytes = 64 * 1024 * 1024): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > mostBytes) throw new Error('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Nobody who means it asks for more: a date by a clock that is wrong would close the way for years.
const longestPause = 3_600_000;

/** Milliseconds that an answer asks to wait: `retry-after` has seconds, or a date. An hour at most. Undefined: it does not ask. */
export function retryAfter({ headers }: Response, now: number): number | undefined {
  const asked = headers.get('retry-after');
  if (asked === null) return undefined;
  // Date.parse takes 5.5 for a day of May.
  const milliseconds = /^\d+$/.test(asked) ? Number(asked) * 1000 : /^[a-z]{3}/i.test(asked) ? Date.parse(asked) - now : NaN;
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), longestPause) : undefined;
}

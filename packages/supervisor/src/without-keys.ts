import { detectSecrets } from '@supervisor/secrets/detect';

/** A text without what has the form of a key: its kind stands in its place. */
export function withoutKeys(text: string): { text: string; redactions: string[] } {
  const redactions: string[] = [];
  let clean = '';
  let from = 0;
  for (const { start, end, kind, provider } of detectSecrets(text)) {
    const name = [provider, kind].filter(Boolean).join(' ');
    clean += `${text.slice(from, start)}[removed: ${name}]`;
    redactions.push(name);
    from = end;
  }
  return { text: clean + text.slice(from), redactions };
}

import type { Redact } from '@supervisor/knowledge';
import type { SecretsManager } from '@supervisor/secrets';
import { detectSecrets } from '@supervisor/secrets/detect';

/** Takes out of a text the values of stored secrets, and then what has the form of a key; what it was stands in its place. */
export function withoutKeys(secrets: Pick<SecretsManager, 'redact'>): Redact {
  return async (text) => {
    const stored = await secrets.redact(text);
    const formed = withoutForms(stored.text);
    return { text: formed.text, redactions: [...stored.redactions, ...formed.redactions] };
  };
}

function withoutForms(text: string): { text: string; redactions: string[] } {
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

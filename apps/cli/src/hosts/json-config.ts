import { applyEdits, modify, parse, type ParseError } from 'jsonc-parser';
import { SupervisorError } from '@supervisor/core/errors';
import { serverName, type Entry, type Host } from './host.js';

/** The entry of ours in a JSON configuration, comments allowed; undefined when there is none. @throws SupervisorError `conflict` */
export function readJsonEntry({ servers, path }: Host, text: string): Entry | undefined {
  const errors: ParseError[] = [];
  const content = parse(text || '{}', errors, { allowTrailingComma: true }) as Record<string, Record<string, Entry>> | undefined;
  if (errors.length > 0 || typeof content !== 'object' || content === null)
    throw new SupervisorError('conflict', `${path} is not JSON. Mend it first; nothing was changed.`);
  return content[servers]?.[serverName];
}

/** The configuration with our entry set, or removed; everything else, comments too, stays as it is. */
export function writeJsonEntry({ servers, typed }: Host, text: string, entry: Entry | undefined): string {
  const value = entry && { ...(typed ? { type: 'stdio' } : {}), ...entry };
  const options = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };
  const changed = applyEdits(text || '{}', modify(text || '{}', [servers, serverName], value, options));
  return changed.endsWith('\n') ? changed : `${changed}\n`;
}

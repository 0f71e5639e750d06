import { serverName, type Entry, type Host } from './host.js';

/** The entry of ours in a TOML configuration, as its text says it. */
export function readTomlEntry(host: Host, text: string): Entry | undefined {
  const table = tablesOf(host, text)[0];
  const [, command] = /^\s*command\s*=\s*"((?:[^"\\]|\\.)*)"/m.exec(table ?? '') ?? [];
  const [, args = ''] = /^\s*args\s*=\s*\[([^\]]*)\]/m.exec(table ?? '') ?? [];
  if (table === undefined) return undefined;
  return { command: unquote(command ?? ''), args: [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => unquote(word!)) };
}

/** The configuration with our table set, or removed; everything else stays as it is. */
export function writeTomlEntry(host: Host, text: string, entry: Entry | undefined): string {
  const rest = tablesOf(host, text).reduce((left, table) => left.replace(table, ''), text);
  const kept = rest.trimEnd() === '' ? '' : `${rest.trimEnd()}\n`;
  if (!entry) return kept;
  const table = `[${host.servers}.${serverName}]\ncommand = ${JSON.stringify(entry.command)}\nargs = [${entry.args.map((word) => JSON.stringify(word)).join(', ')}]\n`;
  return kept === '' ? table : `${kept}\n${table}`;
}

// Our table and those below it, such as its env, each up to the next header and the comments right before that.
function tablesOf({ servers }: Host, text: string): string[] {
  const dot = '[ \\t]*\\.[ \\t]*';
  const header = `^[ \\t]*\\[[ \\t]*${keyed(servers)}${dot}${keyed(serverName)}[ \\t]*(?:\\.[^\\]]*)?\\][^\\n]*`;
  const tables = text.match(new RegExp(`${header}(?:\\n(?!\\s*\\[)[^\\n]*)*\\n?`, 'gm')) ?? [];
  return tables.map((table) => (text.endsWith(table) ? table : table.replace(/\n(?:[ \t]*(?:#[^\n]*)?\n)+$/, '\n')));
}

// A key may be quoted.
function keyed(name: string): string {
  return `(?:${name}|"${name}"|'${name}')`;
}

// TOML's basic strings escape as JSON does.
function unquote(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

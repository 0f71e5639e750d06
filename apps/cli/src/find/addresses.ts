import type { FoundKey } from './dotenv.js';

/** A service that does not have the port that the project's files name. */
export interface Moved {
  service: string;
  from: number;
  to: number;
}

/** The service whose former port an address in a value names: it leads to whoever has that port now. */
export function movedIn(value: string, moved: readonly Moved[]): Moved | undefined {
  return moved.find(({ from }) => local(from).test(value));
}

/** The value with the service's port in place of the former one, as `.supervisor.json` takes it. */
export function followPort(value: string, { service, from }: Moved): string {
  return value.replace(local(from), (_, host: string) => `${host}:{{port:${service}}}`);
}

/** What a key is without its secret, and that secret as a key of its own; undefined when it cannot be told apart. */
export function splitKey({ inside, ...key }: FoundKey): { secret: FoundKey; around(path: string): string } | undefined {
  if (!inside) return undefined;
  const [before, after] = key.value.split(`:${inside.value}@`) as [string, string];
  return { secret: { ...key, ...inside }, around: (path) => `${before}:{{secret:${path}}}@${after}` };
}

/**
 * Names a folder's variables whose addresses lead elsewhere now, a line each, and what to write instead. The value of a key is
 * not in it, nor is a password or a query.
 */
export function stillNamed(variables: readonly [string, string][], keys: readonly FoundKey[], moved: readonly Moved[]): string[] {
  const lines = variables.flatMap(([name, value]) => {
    const change = movedIn(value, moved);
    if (!change) return [];
    const { service, from, to } = change;
    const fact = `${name} still names port ${from}, and ${service} has ${to}`;
    if (keys.some(({ variable }) => variable === name)) return [`${fact}: give that key a new value with this port`];
    // A password may hold an @ or a slash, or stand alone without a user. An @ behind the host is none of it.
    const host = value.search(local(from));
    const hidden = [value.slice(0, host), value.slice(host)].map((part) => part.replace(/(?<=:\/\/).*@/s, '…@'));
    const plain = hidden.join('').replace(/\?.+/s, '?…');
    const text = followPort(plain, change);
    return [`${fact}. In .supervisor.json: "env": ${JSON.stringify({ [name]: text })}`];
  });
  return [...new Set(lines)];
}

function local(port: number): RegExp {
  return new RegExp(`(localhost|127\\.0\\.0\\.1|\\[::1\\]|0\\.0\\.0\\.0):${port}(?!\\d)`);
}

const placeholder = /\{\{\s*secret:([^{}\s]+)\s*\}\}/g;

/** The paths that a text asks for, each once, in their order. */
export function pathsIn(text: string): string[] {
  return [...new Set([...text.matchAll(placeholder)].map(([, path]) => path!))];
}

/** Puts values in place of `{{secret:path}}`. `write` makes one fit what stands around it. */
export function fill(text: string, values: ReadonlyMap<string, string>, write: (value: string, path: string) => string): string {
  return text.replace(placeholder, (_whole, path: string) => write(values.get(path)!, path));
}

type Kind = 'secret' | 'port';

/** A placeholder of a template: `{{secret:path}}` or `{{port:service}}`. */
interface Placeholder {
  kind: Kind;
  name: string;
}

const placeholder = /\{\{([^{}]*)\}\}/g;
const known = /^\s*(secret|port):([^\s]+)\s*$/;
// Anything else between braces is another tool's.
const meant = /^\s*(?:secret|port)s?\s*[:/\s]/i;

/** What a template asks for of one kind, each once, in its order. */
export function namesIn(template: string, kind: Kind): string[] {
  const wanted = [...template.matchAll(placeholder)].map(([, inner]) => parse(inner!));
  return [...new Set(wanted.flatMap((found) => (found?.kind === kind ? [found.name] : [])))];
}

/** The placeholders that were meant for us and are none. */
export function strangeIn(template: string): { line: number; placeholder: string }[] {
  return [...template.matchAll(placeholder)].flatMap(({ 0: whole, 1: inner, index }) =>
    !parse(inner!) && meant.test(inner!) ? [{ line: template.slice(0, index).split('\n').length, placeholder: whole }] : [],
  );
}

/** The template with the values in it, letter for letter. */
export function fillTemplate(template: string, values: Record<Kind, Record<string, string>>): string {
  return template.replace(placeholder, (whole: string, inner: string) => {
    const wanted = parse(inner);
    return wanted ? values[wanted.kind][wanted.name]! : whole;
  });
}

function parse(inner: string): Placeholder | undefined {
  const [, kind, name] = known.exec(inner) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind: kind as Kind, name };
}

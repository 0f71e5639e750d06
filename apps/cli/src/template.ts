import { UsageError } from './input.js';

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

/** What a template asks for, in its order. @throws UsageError naming the line of each placeholder that was meant for us and is none */
export function placeholdersIn(template: string): Placeholder[] {
  const unknown: string[] = [];
  const found = [...template.matchAll(placeholder)].flatMap(({ 0: whole, 1: inner, index }) => {
    const wanted = parse(inner!);
    if (!wanted && meant.test(inner!)) unknown.push(`line ${template.slice(0, index).split('\n').length}: ${whole}`);
    return wanted ?? [];
  });
  if (unknown.length > 0)
    throw new UsageError(`A placeholder is {{secret:path}} or {{port:service}}. Nothing was written.\n${unknown.join('\n')}`);
  return found;
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

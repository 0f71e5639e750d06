import type { z } from 'zod';

/** What is wrong with an input, field by field. It names what is expected, never the value that was given. */
export function explain(error: z.ZodError): string {
  const shown = error.issues.slice(0, 5).map((issue) => {
    const field = issue.path.join('.').slice(0, 80);
    return field === '' ? issue.message : `${field} ${issue.message.replace(/^Invalid input: /, '')}`;
  });
  return shown.join('; ').slice(0, 500);
}

/** The words for what a schema itself has none for; given to each parse, since zod's own settings are the whole process's. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.map((key) => key.slice(0, 40)).join(', ')}${fieldsOf(issue.inst)}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${nouns[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number' && issue.origin !== 'int'
        ? 'must not be empty'
        : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      return formats[issue.format];
    default:
      return undefined;
  }
}

function fieldsOf(schema: { _zod: { def: object } } | undefined): string {
  const { shape } = (schema?._zod.def ?? {}) as { shape?: object };
  const fields = Object.keys(shape ?? {});
  return fields.length === 0 ? '' : `; there are ${fields.join(', ')}`;
}

const nouns: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

const formats: Record<string, string> = {
  datetime: 'must be a time in UTC, such as 2027-01-31T12:00:00Z',
  date: 'must be a day, such as 2027-01-31',
};

function amount(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} characters long`;
  return origin === 'array' || origin === 'set' ? `${limit} long` : String(limit);
}

import type { FieldSchema } from './description.js';

/**
 * Turns the text of a query parameter or a flag into what its schema asks for. What does not fit stays text,
 * so that the operation's own check says what is wrong with it.
 */
export function coerce(schema: FieldSchema | undefined, text: string | string[]): unknown {
  if (schema?.type === 'array')
    return [text]
      .flat()
      .flatMap((item) => item.split(','))
      .map((item) => coerce(schema.items, item));
  if (Array.isArray(text)) return text;
  if ((schema?.type === 'integer' || schema?.type === 'number') && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (schema?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  // A day is its beginning.
  if (schema?.format === 'date-time' && /^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`;
  return text;
}

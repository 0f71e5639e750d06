import { z } from 'zod';

type Clean = (text: string) => Promise<string>;

/** Has the texts of an input cleaned that a person or an agent wrote in words, also those within lists. */
export type Cleaner = (value: unknown, clean: Clean) => Promise<unknown>;

/** What cleans the input of a schema; undefined when it has no prose. */
export function cleanerOf(schema: z.ZodType): Cleaner | undefined {
  if (schema.meta()?.['prose'] === true) return (text, clean) => clean(text as string);
  if (schema instanceof z.ZodOptional) return ifGiven(cleanerOf(schema.unwrap() as z.ZodType));
  if (schema instanceof z.ZodArray) return forEach(cleanerOf(schema.element as z.ZodType));
  return schema instanceof z.ZodObject ? forFields(schema.shape) : undefined;
}

function ifGiven(cleaner: Cleaner | undefined): Cleaner | undefined {
  return cleaner && (async (value, clean) => (value === undefined ? value : cleaner(value, clean)));
}

// One after the other: each asks the database, and others wait for that too.
function forEach(cleaner: Cleaner | undefined): Cleaner | undefined {
  return (
    cleaner &&
    (async (list, clean) => {
      const cleaned: unknown[] = [];
      for (const item of list as unknown[]) cleaned.push(await cleaner(item, clean));
      return cleaned;
    })
  );
}

function forFields(shape: Record<string, z.ZodType>): Cleaner | undefined {
  const cleaners = Object.entries(shape).flatMap(([name, field]) => {
    const cleaner = cleanerOf(field);
    return cleaner ? [{ name, cleaner }] : [];
  });
  if (cleaners.length === 0) return undefined;
  return async (value, clean) => {
    const cleaned = { ...(value as Record<string, unknown>) };
    for (const { name, cleaner } of cleaners) if (name in cleaned) cleaned[name] = await cleaner(cleaned[name], clean);
    return cleaned;
  };
}

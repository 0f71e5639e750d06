/**
 * A value as it stands behind `NAME=` in a `.env` file; undefined when Node's reader would give back another one.
 * It knows three quotes and, between double ones, `\n`; no other escape. A carriage return it drops.
 */
export function quoteDotenv(value: string): string | undefined {
  if (/^[\w.:/@%+,-]*$/.test(value)) return value;
  if (value.includes('\r')) return undefined;
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"') && !value.includes('\\n')) return `"${value}"`;
  return value.includes('`') ? undefined : `\`${value}\``;
}

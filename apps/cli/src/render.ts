type Row = Record<string, unknown>;

/** An answer as a person reads it: lists as tables, the rest as names and values. */
export function render({ nextCursor, ...value }: Row): string {
  const parts: string[] = [];
  const plain = Object.entries(value).filter(([, field]) => !isTable(field) && !isLong(field) && cell(field) !== '');
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  if (plain.length > 0) parts.push(plain.map(([name, field]) => `${name.padEnd(width)}  ${cell(field)}`).join('\n'));
  for (const [name, field] of Object.entries(value)) {
    if (isLong(field)) parts.push(`${name}\n${field.split('\n').map(plainLine).join('\n')}`);
    if (!isTable(field)) continue;
    if (field.length > 0) parts.push(table(field));
    else if (plain.length === 0) parts.push(`no ${name}`);
  }
  if (typeof nextCursor === 'string') parts.push(`There is more: --cursor ${nextCursor}`);
  return parts.join('\n\n');
}

/** One field alone: text to the letter where a program reads it, and the rest as in an answer. */
export function renderOnly(field: unknown, json: boolean, onTerminal: boolean): string {
  if (json) return `${JSON.stringify(field ?? null)}\n`;
  if (typeof field === 'string' && !onTerminal) return field;
  return `${isTable(field) && field.length > 0 ? table(field) : typeof field === 'string' ? field.split('\n').map(plainLine).join('\n') : cell(field)}\n`;
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.trimEnd().includes('\n');
}

function plainLine(text: string): string {
  return plain(text.replaceAll('\t', '    ')).trimEnd();
}

function isTable(value: unknown): value is Row[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);
}

function table(rows: Row[]): string {
  const columns = Object.keys(rows[0]!).filter((column) => rows.some((row) => cell(row[column]) !== ''));
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cell).join(', ');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, field]) => [name, cell(field)])
      .filter(([, text]) => text !== '')
      .map((pair) => pair.join(' '))
      .join(', ');
  return plain(String(typeof value === 'number' ? rounded(value) : value));
}

function rounded(value: number): number {
  if (Number.isInteger(value)) return value;
  return Number(Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(3));
}

/** One line, with nothing that a terminal would obey. */
export function plain(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ');
}

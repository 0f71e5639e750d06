import { SupervisorError } from './errors.js';

export function badCursor(): SupervisorError {
  return new SupervisorError('invalid_input', 'cursor: pass the nextCursor of the last answer.');
}

/** A page of rows, read with one more than its limit: whether others follow shows in that one. */
export function cutPage<Row>(rows: readonly Row[], limit: number, cursorAt: (last: Row) => string): { rows: Row[]; nextCursor?: string } {
  if (!(limit >= 1)) throw new SupervisorError('invalid_input', 'limit is a whole number, at least 1.');
  const page = rows.slice(0, limit);
  return rows.length > limit ? { rows: page, nextCursor: cursorAt(page.at(-1)!) } : { rows: page };
}

/** The whole number that a cursor is. @throws SupervisorError `invalid_input` when it is none, or over `most` */
export function numberIn(cursor: string, most: number): number {
  const number = Number(cursor);
  if (Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw badCursor();
}

import { SupervisorError } from './errors.js';

export function badCursor(): SupervisorError {
  return new SupervisorError('invalid_input', 'cursor: pass the nextCursor of the last answer.');
}

/** The whole number that a cursor is. @throws SupervisorError `invalid_input` when it is none, or over `most` */
export function numberIn(cursor: string, most: number): number {
  const number = Number(cursor);
  if (Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw badCursor();
}

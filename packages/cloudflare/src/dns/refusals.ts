import { SupervisorError } from '@supervisor/core';
import type { RemoteRecord } from '../api/answers.js';
import type { RecordRow } from './listing.js';
import { readComment } from './record.js';

/**
 * @param owners the projects of the records that are ours, by their marks
 * @param project whose wish they stand in the way of
 */
export function notOwned(
  name: string,
  records: readonly RemoteRecord[],
  owners: ReadonlyMap<string, string>,
  project: string | undefined,
): SupervisorError {
  const marks = records.map(({ comment }) => readComment(comment ?? '').id);
  const projects = marks.map((mark) => (mark === undefined ? undefined : owners.get(mark)));
  const which = records.map(({ type }, index) => {
    if (projects[index] !== undefined) return `${type} of project ${projects[index]}`;
    return marks[index] === undefined ? type : `${type} of another Supervisor`;
  });
  const there = `${name} already has ${which.join(', ')}`;
  if (projects.every((owner) => owner === project && owner !== undefined))
    return new SupervisorError('conflict', `${there}. Delete it first.`);
  if (projects.every((owner) => owner !== undefined)) return new SupervisorError('not_owned', `${there}.`);
  return new SupervisorError(
    'not_owned',
    `${there}, which Supervisor did not make. The owner takes it over with \`supervisor cloudflare adopt-dns-record\`.`,
  );
}

export function isExposed(row: RecordRow): SupervisorError {
  return new SupervisorError('protected', `${row.name} is exposed: unexpose it instead.`);
}

export function unmarked(row: RecordRow): SupervisorError {
  return new SupervisorError(
    'not_owned',
    `${row.type} ${row.name} has lost our mark: somebody else has it now. Release it, or have the owner adopt it again.`,
  );
}

export function choose(name: string, fitting: readonly { type: string; content?: string | null | undefined }[]): SupervisorError {
  if (fitting.length === 0) return new SupervisorError('not_found', `There is no such record at ${name}.`);
  const which = fitting.map(({ type, content }) => `${type} ${content ?? ''}`).join(', ');
  return new SupervisorError('invalid_input', `${name} has ${which}: name one by type and content.`);
}

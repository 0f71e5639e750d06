import { expect, test } from '@jest/globals';
import { readPastTask } from './past-task.js';

const read = (line: object) => readPastTask(JSON.stringify(line), () => 'line 7');

test('a line needs a start, and an end or what it took', () => {
  expect(read({ start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:30Z' })).toMatchObject({
    id: 'line 7',
    project: 'meta',
    type: 'task',
    agent: null,
    actualSeconds: 90,
    estimatedSeconds: null,
    status: 'completed',
  });
  expect(read({ start: 1_767_225_600, actualSeconds: 60, person: 7 })).toMatchObject({ agent: '7', end: 1_767_225_660_000 });
  expect(read({ startedAt: '2026-01-01', durationSeconds: 60, endedAt: '2025-12-31', estimatedSeconds: 0 })).toMatchObject({
    end: Date.parse('2026-01-01'),
    estimatedSeconds: null,
  });
});

test.each([
  ['{', /not JSON/],
  ['[1]', /not a JSON object/],
  ['{"end":"2026-01-01"}', /start is missing/],
  ['{"start":"2026-01-01"}', /end and actualSeconds/],
  ['{"start":"yesterday","actualSeconds":1}', /start is not a time/],
  ['{"start":"2026-01-01","actualSeconds":-1}', /actualSeconds is not a number of seconds/],
  ['{"start":"2026-01-02","end":"2026-01-01"}', /ends before/],
  ['{"start":"2026-01-01","actualSeconds":1,"type":{}}', /type is not a text/],
])('%s is refused with what is wrong', (text, message) => {
  expect(() => readPastTask(text, () => '')).toThrow(message);
});

import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SupervisorError, type ErrorCode } from '@supervisor/core/errors';
import type { Caller } from './caller.js';
import { run } from './commands/render.js';

// A service that answers the first question with an error.
async function rendering(code: ErrorCode): Promise<{ asked: object[]; message: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'supervisor-render-'));
  writeFileSync(join(directory, 'in.txt'), '{{port:web}}');
  const asked: object[] = [];
  const call = async (_operation: string, input: object) => {
    asked.push(input);
    if (asked.length === 1) throw new SupervisorError(code, 'the first answer');
    throw new SupervisorError('not_found', 'the second answer');
  };
  const caller = { directory, place: {}, call } as unknown as Caller;
  const message = await run([join(directory, 'in.txt'), join(directory, 'out.txt')], caller).catch((error: Error) => error.message);
  return { asked, message: message ?? '' };
}

test('only a port that the main copy does not have is looked for in the worktree', async () => {
  expect(await rendering('not_found')).toEqual({
    asked: [{ service: 'web', instance: '' }, { service: 'web' }],
    message: 'the second answer',
  });
  expect(await rendering('unavailable')).toEqual({ asked: [{ service: 'web', instance: '' }], message: 'the first answer' });
});

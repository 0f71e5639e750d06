import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FakeGoogleCloud } from '@supervisor/fakes';
import { root } from './harness.js';

// Google's own client, against the fake: what it can use is like Google.
const driver = join(root, 'tools/contract/drive-google-sdk.mjs');

const home = mkdtempSync(join(tmpdir(), 'supervisor-test-'));
let google: FakeGoogleCloud;
beforeAll(async () => {
  google = new FakeGoogleCloud({ operationSeconds: 0.3, waitMilliseconds: 100 });
  await google.listen();
});
afterAll(async () => {
  await google.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

test('the official SDK finds in the fake what it expects of Google', async () => {
  const env = {
    ...process.env,
    // Nobody's own credentials are found there.
    HOME: home,
    GOOGLE_API: google.url,
    GOOGLE_PROJECT: google.world.project,
    GOOGLE_KEY: google.identity.newKey(),
    GCE_METADATA_HOST: new URL(google.url).host,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [driver], { env, timeout: 290_000 });
  if (stdout.startsWith('skipped:')) return console.log(stdout.trim());
  expect(JSON.parse(stdout)).toEqual({
    project: 'fake-project-123',
    zones: ['us-central1-a', 'us-central1-b', 'europe-west4-a'],
    metadata: 3,
    machine: 1,
    sameOperation: true,
    made: 'DONE',
    again: 409,
    got: { status: 'RUNNING', labels: { team: 'web' }, id: true },
    stale: 412,
    labelled: 'DONE',
    stopped: 'DONE',
    resized: 'DONE',
    started: 'DONE',
    all: 1,
    deleted: 'DONE',
    gone: 404,
    disks: 0,
  });
  expect(google.world.inserted).toBe(1);
  expect(google.log.filter(({ route }) => route === undefined)).toEqual([]);
}, 300_000);

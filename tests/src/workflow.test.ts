import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './harness.js';

// The workflow runs elsewhere; here it is held against the checkout that it runs in.
interface Job {
  'runs-on': string;
  'timeout-minutes'?: number;
  permissions?: unknown;
  strategy?: { matrix: Record<string, number[]> };
  services?: Record<string, { image: string; ports: string[] }>;
  env?: Record<string, string>;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

const text = readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8');
const workflow = parse(text) as { permissions: unknown; jobs: Record<string, Job> };
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);

test('it may read and nothing else, and every action is one that cannot change', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' });
  expect(jobs.filter((job) => job.permissions !== undefined)).toEqual([]);
  for (const { uses } of steps.filter((step) => step.uses)) expect(uses).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
  for (const [, version] of text.matchAll(/uses: \S+ # (.*)/g)) expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
  for (const { uses, with: settings } of steps) if (uses?.includes('checkout')) expect(settings?.['persist-credentials']).toBe(false);
  // What somebody else writes, such as a title, never gets into a shell.
  for (const { run } of steps) expect(run ?? '').not.toContain('${{');
});

test('every supported Node meets the oldest and a new PostgreSQL', () => {
  const { strategy, services, env } = workflow.jobs['test']!;
  expect(strategy!.matrix).toEqual({ node: [20, 22, 24], postgres: [14, 17] });
  expect(services!['postgres']!.image).toMatch(/^pgvector\/pgvector:[\d.]+-pg\$\{\{ matrix\.postgres \}\}$/);
  const [address, port] = services!['postgres']!.ports[0]!.split(':');
  expect(env!['TEST_DATABASE_URL']).toContain(`@${address}:${port}/`);
  for (const job of jobs) expect(job).toMatchObject({ 'runs-on': expect.stringMatching(/-\d/), 'timeout-minutes': expect.any(Number) });
});

test('what it runs is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
  expect(runs).toContain('npm test');
  for (const run of runs) {
    const [, script] = /^npm (?:run )?(\S+)/.exec(run) ?? [];
    if (script) expect(Object.keys(scripts)).toContain(script);
    for (const [path] of run.matchAll(/docker\/[\w.]+\.yaml/g)) expect(existsSync(join(root, path))).toBe(true);
  }
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { AuditTrail } from '@supervisor/auth';
import { agent, bind, type Context, type Principal } from '@supervisor/core';
import type { Database } from '@supervisor/db';
import { openEmbeddedForTests } from '@supervisor/db/testing';
import { KnowledgeBase, knowledgeModule } from '@supervisor/knowledge';
import { TaskTimer, timingModule } from '@supervisor/timing';
import { sql } from 'drizzle-orm';
import { lessonsOf } from './lessons.js';

let db: Database;
let knowledge: KnowledgeBase;
let trail: AuditTrail;
let call: (name: string, input: object, principal?: Principal) => Promise<Record<string, unknown>>;
const reported: unknown[] = [];

beforeAll(async () => {
  db = await openEmbeddedForTests();
  knowledge = new KnowledgeBase({ db });
  const lessons = lessonsOf(knowledge, (error) => reported.push(error));
  const key = randomBytes(32);
  trail = new AuditTrail({ db, key: async () => key, onError: (error) => reported.push(error) });
  const deps = { tasks: new TaskTimer({ db }), knowledge, lessons };
  const bound = bind([timingModule, knowledgeModule], deps, { audit: trail, logError: (_id, _operation, error) => reported.push(error) });
  const context = { project: 'shop', signal: new AbortController().signal, progress: () => {} };
  call = (name, input, principal = agent()) => bound.call(name, input, { ...context, principal } as Context);
});
afterAll(async () => {
  await trail.flush();
  await db.close();
});

const start = (id: string, description: string, principal?: Principal) =>
  call('start_task', { id, type: 'bug_fix', description }, principal);

test('what one task taught, the next is told, and a word in common is not enough', async () => {
  expect(await start('first', 'Fix the webhook signature check')).toMatchObject({ created: true, related: [] });
  const learned = 'Stripe signs the raw body: verify the signature of a webhook before parsing.';
  const { learned: id, status } = await call('complete_task', { id: 'first', learned });
  expect(status).toBe('completed');
  expect(await knowledge.get(id as number)).toMatchObject({ project: 'shop', kind: 'learning', task: 'first', text: learned });
  expect((await start('second', 'Webhook signatures fail again'))['related']).toEqual([{ id, project: 'shop', text: learned }]);
  expect((await start('third', 'Add a webhook for refunds'))['related']).toEqual([]);
  expect((await start('fourth', 'Webhook signatures', { ...agent(), scopes: ['write'] }))['related']).toEqual([]);
  const failed = await call('complete_task', { id: 'second', failed: 'No access', learned });
  expect(failed).toMatchObject({ status: 'failed', learned: id });
  expect(await call('complete_task', { id: 'third' })).not.toHaveProperty('learned');
});

test('three at most, cut short, nothing superseded, nothing of another project', async () => {
  const texts = Array.from({ length: 6 }, (_, index) => `Cache invalidation lesson ${index}: ${'flush the edge '.repeat(50)}`);
  const ids: number[] = [];
  for (const text of texts) ids.push((await knowledge.learn('shop', text)).id);
  await knowledge.learn('shop', 'Cache invalidation is done by the edge now.', { supersedes: ids[0] });
  await knowledge.learn('blog', 'Cache invalidation secret of the blog, cache invalidation only.');
  const { related } = (await start('fifth', 'Repair cache invalidation')) as unknown as { related: { id: number; text: string }[] };
  expect(related).toHaveLength(3);
  for (const { id, text } of related) {
    expect(id).not.toBe(ids[0]);
    expect(text).not.toContain('blog');
    expect(text.length).toBeLessThanOrEqual(401);
  }
});

test('without a knowledge base that works, tasks start and end', async () => {
  await db.orm.execute(sql`drop table supervisor.knowledge_scopes cascade`);
  expect(await start('sixth', 'Webhook signatures fail again')).toMatchObject({ created: true, related: [] });
  expect(await call('complete_task', { id: 'sixth', learned: 'Nothing works.' })).toMatchObject({ status: 'completed', learned: null });
  expect(reported).toHaveLength(2);
});

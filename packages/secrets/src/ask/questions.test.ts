import { expect, jest, test } from '@jest/globals';
import { SecretQuestions, type Question } from './questions.js';

function ask(announce: (question: Question) => void = () => {}): SecretQuestions {
  const questions = new SecretQuestions();
  questions.serve({ link: (id) => `http://127.0.0.1:1/ask/${id}`, announce });
  return questions;
}

test('a question is announced once, and answered once', async () => {
  const announced: string[] = [];
  const questions = ask(({ link }) => void announced.push(link));
  const question = questions.ask('shop/a/key', { description: 'to pay' });
  expect(questions.ask('shop/a/key', {})).toBe(question);
  const stricter = () => questions.ask('shop/a/key', { exposure: 'use', ifVersion: 0 });
  expect(stricter).toThrow(expect.objectContaining({ code: 'conflict', details: { fields: ['exposure', 'ifVersion'] } }));
  expect(announced).toEqual([question.link]);
  expect(question.id).toMatch(/^[\w-]{43}$/);
  await expect(questions.answer(question.id, async () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await questions.answer(question.id, async ({ path }) => path)).toBe('shop/a/key');
  await expect(questions.answer(question.id, async () => 1)).rejects.toMatchObject({ code: 'not_found' });
  expect(questions.waiting()).toEqual([]);
});

test('without pages nobody is sent to one', () => {
  const asking = () => new SecretQuestions().ask('shop/a/key', {});
  expect(asking).toThrow(expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('secrets store shop/a/key') }));
});

test('two answers at once: one counts', async () => {
  const questions = ask();
  const { id } = questions.ask('shop/a/key', {});
  const results = await Promise.allSettled([1, 2].map((value) => questions.answer(id, async () => value)));
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('a question expires, and no more than a hundred wait', () => {
  jest.useFakeTimers();
  try {
    const questions = ask();
    for (let index = 0; index < 100; index++) questions.ask(`shop/a/${index}`, {});
    expect(() => questions.ask('shop/a/more', {})).toThrow(expect.objectContaining({ code: 'exhausted' }));
    const [first] = questions.waiting();
    jest.advanceTimersByTime(15 * 60_000);
    expect(questions.find(first!.id)).toBeUndefined();
    expect(() => questions.ask('shop/a/more', {})).not.toThrow();
  } finally {
    jest.useRealTimers();
  }
});

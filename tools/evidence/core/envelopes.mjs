import fc from 'fast-check';
import { hostile } from './hostile.mjs';

// Nested repetition in a name that a host prefixed: slow to take apart for a careless pattern.
const longNames = [`mcp__${'a__'.repeat(100_000)}\nx`, 'x'.repeat(500_000)];
const oddText = { toString: null, valueOf: null };

const method = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('call', 'tools/call') },
  { weight: 1, arbitrary: fc.constantFrom('hello', 'tools/list', 'constructor', '__proto__', 'initialize', '') },
);
const name = fc.oneof(fc.constantFrom('get_status', 'mcp__meta__get_status', 'constructor', '__proto__', oddText), hostile);
const params = fc.record(
  {
    operation: name,
    input: hostile,
    name,
    arguments: hostile,
    role: fc.constantFrom('agent', 'owners', 5, null),
    project: hostile,
    bound: fc.boolean(),
    toolsets: fc.oneof(fc.constant(['default']), hostile),
    _meta: fc.oneof(hostile, fc.record({ progressToken: hostile })),
  },
  { requiredKeys: [] },
);

/** Requests whose envelope is right and whose parts are not. Each must be answered, not end the session. */
export async function envelopes(home, run, seed, count) {
  const requests = fc.sample(fc.tuple(method, params), { numRuns: count, seed });
  requests.push(...longNames.map((name) => ['tools/call', { name }]));
  let dropped = 0;
  let session = await home.session();
  for (const [method, params] of requests) {
    await run.one(`a session's ${method}`, params, async () => {
      const answer = await session.request(method, params).catch((error) => error);
      if (answer?.name === 'ConnectionLost') {
        dropped++;
        session = await home.session();
        return { text: '' };
      }
      // A hello may have narrowed the session; the next one starts fresh.
      if (method === 'hello') await session.request('hello', { role: 'agent' });
      return { text: JSON.stringify(answer instanceof Error ? { code: answer.code, message: answer.message } : answer) };
    });
  }
  return { dropped, sent: requests.length };
}

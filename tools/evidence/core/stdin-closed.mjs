import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom, signal } from '../harness.mjs';
import { RawPipe } from '../raw-pipe.mjs';

const limit = 1000;

/** A stdio server whose stdin closes ends at once, whatever it was doing, and says nothing but JSON-RPC before. */
export const stdinClosed = {
  name: 'stdin-closed',
  goal: `gone within ${limit} ms of its stdin, 0 lines on stdout that are not JSON-RPC, alive after every bad line`,
  sizes: { rounds: 5 },
  async run(stage, { seed, sizes }) {
    const problems = [];
    const slowest = [];
    const home = await stage.home();
    await home.start();
    for (const [name, situation] of Object.entries(situations)) {
      const random = randomFrom(seed);
      let longest = 0;
      for (let round = 0; round < sizes.rounds; round++) {
        stage.progress(`${name}, round ${round + 1}`);
        const { pipe, milliseconds } = await situation(home, random, stage, problems);
        longest = Math.max(longest, milliseconds);
        problems.push(...pipe.stray.map((line) => `${name}: on stdout: ${line}`));
      }
      slowest.push(`${name} ${Math.round(longest)} ms`);
      if (longest > limit) problems.push(`${name}: gone after ${Math.round(longest)} ms`);
    }
    return { holds: problems.length === 0, figure: slowest.join(', '), problems };
  },
};

// What the server is doing when its stdin closes.
const situations = {
  async idle(home) {
    const pipe = await opened(home);
    await status(pipe);
    return close(pipe);
  },
  async uninitialized(home, random) {
    const pipe = new RawPipe(home);
    await sleep(random() * 300);
    return close(pipe);
  },
  async calling(home, random) {
    const pipe = await opened(home);
    await status(pipe);
    for (let id = 1; id <= 50; id++)
      pipe.send({ id, method: 'tools/call', params: { name: 'allocate_port', arguments: { project: 'busy', service: `s-${id}` } } });
    await sleep(random() * 30);
    return close(pipe);
  },
  async starting(_home, random, stage) {
    const empty = await stage.home();
    const pipe = await opened(empty);
    pipe.send({ id: 1, method: 'tools/call', params: { name: 'get_status', arguments: {} } });
    await sleep(random() * 1500);
    const closed = await close(pipe);
    await empty.end();
    return closed;
  },
  // The kernel still takes the connection; nobody answers on it.
  async hanging(home) {
    const pipe = await opened(home);
    await status(pipe);
    const pid = home.servicePid();
    process.kill(pid, 'SIGSTOP');
    try {
      pipe.send({ id: 1, method: 'tools/call', params: { name: 'get_status', arguments: {} } });
      await sleep(200);
      return await close(pipe);
    } finally {
      signal(pid, 'SIGCONT');
    }
  },
  async garbage(home, _random, _stage, problems) {
    let pipe = await opened(home);
    for (const line of badLines) {
      pipe.send(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
      // A rejection that nobody handles ends a process only after its answers are out.
      await sleep(30);
      const pong = await pipe.request('ping', {}).catch(() => undefined);
      if (pong?.result) continue;
      problems.push(`garbage: the server ${pipe.ended ? 'died of' : 'was silent after'} ${line.toString().slice(0, 120)}`);
      problems.push(...pipe.stray);
      pipe = await opened(home);
    }
    return close(pipe);
  },
};

const request = (fields) => JSON.stringify({ jsonrpc: '2.0', id: 7, ...fields });
const noText = { toString: null, valueOf: null };
const badLines = [
  'garbage',
  '{',
  '[]',
  'null',
  '5',
  '"text"',
  '[1,2]',
  '[{}]',
  '{"jsonrpc":"2.0"}',
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  'x'.repeat(9 * 1024 * 1024),
  '['.repeat(200_000),
  request({ method: 5 }),
  request({ method: {} }),
  request({ method: 'no/such/method' }),
  request({ id: {}, method: 'ping' }),
  request({ method: 'initialize', params: null }),
  request({ method: 'initialize', params: { protocolVersion: noText } }),
  request({ method: 'tools/list', params: [] }),
  request({ method: 'tools/call' }),
  request({ method: 'tools/call', params: null }),
  request({ method: 'tools/call', params: 'text' }),
  request({ method: 'tools/call', params: { name: noText } }),
  request({ method: 'tools/call', params: { name: 'get_status', arguments: 'text' } }),
  request({ id: undefined, method: 'notifications/cancelled', params: null }),
  request({ id: undefined, method: 'notifications/cancelled', params: { requestId: {} } }),
];

async function opened(home) {
  const pipe = new RawPipe(home);
  await pipe.initialize();
  return pipe;
}

function status(pipe) {
  return pipe.request('tools/call', { name: 'get_status', arguments: {} });
}

async function close(pipe) {
  return { pipe, milliseconds: await pipe.closeInput() };
}

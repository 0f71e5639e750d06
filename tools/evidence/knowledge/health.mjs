import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';
const longest = 200;
const longestStatement = 100;

/** The service is asked whether it lives, again and again, while it ingests into its embedded database. */
export const health = {
  name: 'health',
  goal: `/healthz answers within ${longest} ms during ingest, or, on a busy machine, as soon as a server that works ${longestStatement} ms at a time`,
  sizes: { documents: 1500, words: 60 },
  async run(stage, { seed, sizes }) {
    const text = textMaker(seed);
    const home = await stage.home();
    await home.start();
    const beside = await busyServer(stage);
    const session = await home.session({ role: 'owner' });
    const call = (operation, input) => session.request('call', { operation, input: { project: 'shop', ...input } });
    await call('register_root', { path: root });
    const taken = { service: [], beside: [] };
    const ingest = { over: false };
    const polling = Promise.all(
      Object.entries({ service: `${home.url}/healthz`, beside }).map(async ([name, url]) => {
        while (!ingest.over) {
          const started = performance.now();
          const response = await fetch(url);
          await response.arrayBuffer();
          if (!response.ok) throw new Error(`${name} answered with ${response.status}`);
          taken[name].push(performance.now() - started);
          await sleep(20);
        }
      }),
    );
    const started = performance.now();
    for (let start = 0; start < sizes.documents; start += 100) {
      const documents = Array.from({ length: 100 }, (_, index) => ({
        source: `file${start + index}`,
        text: text(sizes.words),
        format: 'plain',
      }));
      await call('ingest_documents', { root, documents });
      stage.progress(`${start + 100} of ${sizes.documents} documents`);
    }
    const seconds = (performance.now() - started) / 1000;
    ingest.over = true;
    await polling;
    const most = Object.fromEntries(Object.entries(taken).map(([name, times]) => [name, Math.round(Math.max(...times))]));
    const middle = Math.round(taken.service.toSorted((a, b) => a - b)[taken.service.length >> 1]);
    return {
      holds: most.service <= Math.max(longest, most.beside),
      figure: `longest of ${taken.service.length} answers ${most.service} ms, median ${middle} ms; beside it ${most.beside} ms; ${Math.round(sizes.documents / seconds)} chunks/s through the service`,
    };
  },
};

/** In a thread of its own, with now and then as much work as one statement may be: a busy machine keeps it waiting as it does the service. */
async function busyServer(stage) {
  const code = `
    import { createServer } from 'node:http';
    import { parentPort } from 'node:worker_threads';
    function work(turns) { let sum = 0; for (let turn = 0; turn < turns; turn++) sum += Math.sqrt(turn); return sum; }
    const timed = (turns) => { const started = performance.now(); work(turns); return performance.now() - started; };
    // The best of many: when nothing else had the processor.
    const perMillisecond = 1e5 / Math.min(...Array.from({ length: 50 }, () => timed(1e5)));
    setInterval(() => work(${longestStatement} * perMillisecond), 400);
    const server = createServer((request, response) => response.end('{}')).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  stage.onEnd(() => worker.terminate());
  const port = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return `http://127.0.0.1:${port}/`;
}

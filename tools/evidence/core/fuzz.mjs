import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { checkout } from '../harness.mjs';
import { RawPipe } from '../raw-pipe.mjs';
import { envelopes } from './envelopes.mjs';
import { canary, handPicked, inputs } from './inputs.mjs';
import { findLeak } from './leaks.mjs';
import { restRequest, send } from './rest-request.mjs';

const atOnce = 16;
// What reads all there is comes first: thousands of times over what the others leave, it would do nothing but wait.
const first = ['list_backups', 'verify_audit', 'create_backup', 'set_knowledge_language'];
const rank = ({ name }) => (first.includes(name) ? first.indexOf(name) : first.length);
const slow = 5_000;

/** Every operation with fuzzed input through MCP and REST. */
export const fuzz = {
  name: 'fuzz',
  goal: '0 crashes, 5xx, hangs, stack traces, SQL or sensitive values in answers, internal errors in the log',
  sizes: { inputs: 2000, throughPipe: 100, throughHttp: 100, envelopes: 1000 },
  async run(stage, { seed, sizes }) {
    // Where an account of Google Cloud looks for credentials, nothing answers.
    const home = await stage.home({ settings: { GCE_METADATA_HOST: '127.0.0.1:9' } });
    await home.start();
    const { operations } = JSON.parse(readFileSync(new URL('packages/supervisor/dist/operations.json', `file://${checkout}`), 'utf8'));
    const run = new Run(stage);
    const agent = await home.session({ role: 'agent', toolsets: ['default', 'admin', 'cloud'] });
    const owner = await home.session({ role: 'owner', toolsets: ['default', 'admin', 'cloud'] });
    const { token } = await owner.request('call', {
      operation: 'create_token',
      input: { name: 'fuzz', scopes: ['read', 'use', 'write', 'destroy'] },
    });
    for (const [operation, input] of handPicked)
      await run.one(operation, input, async () => ({
        text: JSON.stringify(await agent.request('call', { operation, input }).catch(asText)),
      }));
    for (const [index, operation] of [...operations.entries()].toSorted(([, a], [, b]) => rank(a) - rank(b))) {
      const sample = (count, salt) => fc.sample(inputs(operation), { numRuns: count, seed: seed * 1000 + index * 10 + salt });
      const { name, toolset, access, route } = operation;
      // An agent may not destroy, and nobody but the owner may do what is the owner's: there the handler is what is to be reached.
      const session = ['destroy', 'owner'].includes(access) ? owner : agent;
      // Both ways share them.
      const count = route ? sizes.inputs / 2 : sizes.inputs;
      const method = toolset ? 'tools/call' : 'call';
      const params = (input) => (toolset ? { name, arguments: input } : { operation: name, input });
      await run.all(`${name} over MCP`, sample(count, 0), async (input) => {
        const result = await session.request(method, params(input)).catch(asText);
        return { text: JSON.stringify(result), releases: name === 'retrieve_secret' && !result.isError };
      });
      if (!route) continue;
      const variants = fc.sample(fc.nat(99), { numRuns: count, seed });
      await run.all(`${name} over REST`, sample(count, 1), async (input, number) => {
        const answer = await send(home.url, token, restRequest(operation, input, variants[number]));
        return { ...answer, releases: name === 'retrieve_secret' && answer.status === 200 };
      });
    }
    const tools = operations.filter(({ toolset }) => toolset);
    await throughPipe(home, run, tools, seed, sizes);
    await throughHttp(home, run, tools, token, seed, sizes);
    const { dropped, sent } = await envelopes(home, run, seed, sizes.envelopes);

    const after = await home.session().then((session) => session.request('call', { operation: 'get_status', input: {} }), asText);
    const findings = [...run.findings];
    if (!after.instance) findings.push(['at the end', 'the service does not answer get_status']);
    const log = home.log();
    const reasons = log.flatMap((line) => /A session sent.*?"name":"Error|A session sent.*?"message":"([^"]*)"/.exec(line)?.[1] ?? []);
    if (dropped > 0) findings.push(['envelopes', `${dropped} sessions dropped: ${[...new Set(reasons)].join('; ')}`]);
    const internal = log.filter((line) => /"message":"[^"]* failed"/.test(line));
    if (log.some((line) => line.includes(canary))) findings.push(['log', 'a sensitive value']);
    const problems = [
      ...findings.map(([what, detail]) => `${what}: ${detail}`),
      ...[...new Map(internal.map((line) => [/"message":"([^"]*)"/.exec(line)[1], line])).values()].map(
        (line) => `log: ${line.slice(0, 400)}`,
      ),
    ];
    const figure = `${run.calls + sent} calls to ${operations.length} operations, ${run.total} bad answers of ${run.findings.size} kinds, ${internal.length} internal errors`;
    return { holds: problems.length === 0 && run.total === 0, figure, problems };
  },
};

class Run {
  calls = 0;
  total = 0;
  /** The first input of each kind of finding. */
  findings = new Map();

  constructor(stage) {
    this.stage = stage;
  }

  /** Sends all inputs, some at once, and judges each answer. */
  async all(what, list, call) {
    let next = 0;
    const work = async () => {
      for (let number = next++; number < list.length; number = next++) await this.one(what, list[number], () => call(list[number], number));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async one(what, input, call) {
    const started = performance.now();
    const answer = await call().catch((error) => ({ broken: error.message }));
    const leak = answer.broken ?? (performance.now() - started > slow ? 'a hang' : findLeak(answer.text, answer));
    this.calls++;
    this.stage.progress(`${this.calls} calls, ${what}`);
    if (leak === undefined) return;
    this.total++;
    const key = `${what}: ${leak}`;
    if (this.findings.has(key)) return;
    const first = `first with ${JSON.stringify(input).slice(0, 300)}: ${answer.text?.slice(0, 200)}`;
    this.findings.set(key, first);
    this.stage.note(`${key}: ${first}`);
  }
}

function asText(error) {
  if (error.name === 'ConnectionLost') throw new Error('the service dropped the session');
  return { isError: true, code: error.code, message: error.message, details: error.details };
}

// The same tools through a real stdio server: what it makes of an input before the service sees it.
async function throughPipe(home, run, tools, seed, { throughPipe: count }) {
  let pipe = new RawPipe(home, { args: ['--toolsets', 'all'] });
  for (const tool of tools) {
    for (const input of fc.sample(inputs(tool), { numRuns: count, seed })) {
      await run.one(`${tool.name} through a pipe`, input, async () => {
        const answer = await pipe.request('tools/call', { name: tool.name, arguments: input }, slow);
        if (!answer) pipe = new RawPipe(home, { args: ['--toolsets', 'all'] });
        if (!answer) throw new Error('the stdio server died');
        return { text: JSON.stringify(answer), releases: tool.name === 'retrieve_secret' && !answer.result?.isError };
      });
    }
  }
  if (pipe.stray.length > 0) run.findings.set('through a pipe', `on stdout: ${pipe.stray[0]}`);
  await pipe.closeInput();
}

async function throughHttp(home, run, tools, token, seed, { throughHttp: count }) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  for (const tool of tools) {
    await run.all(`${tool.name} over MCP by HTTP`, fc.sample(inputs(tool), { numRuns: count, seed: seed + 1 }), async (input) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool.name, arguments: input } });
      const answer = await send(home.url, token, { method: 'POST', path: '/mcp?toolsets=all', headers, body });
      return { ...answer, releases: tool.name === 'retrieve_secret' && !answer.text.includes('"isError":true') };
    });
  }
}

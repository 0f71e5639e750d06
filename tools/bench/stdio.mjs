import { startNode } from './processes.mjs';

/** An MCP server as a host starts it: a process, a JSON-RPC message a line. */
export function startServer(args, options) {
  const child = startNode(args, { ...options, stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map();
  let lastId = 0;
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) receive(JSON.parse(line));
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${args[0]} ended before it answered.`));
  });

  function receive({ id, result, error }) {
    const request = waiting.get(id);
    waiting.delete(id);
    if (error) request?.reject(new Error(error.message));
    else request?.resolve(result);
  }

  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  function request(method, params = {}) {
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      send({ id, method, params });
    });
  }

  async function initialize() {
    await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } });
    send({ method: 'notifications/initialized' });
  }

  async function callTool(name, input) {
    const result = await request('tools/call', { name, arguments: input });
    if (result.isError) throw new Error(`${name}: ${result.content[0].text}`);
    return result;
  }

  return { child, request, initialize, callTool };
}

import { callTool } from '../harness.mjs';
import { restRequest, send } from './rest-request.mjs';
import { codeOf, leastInput, toCode } from './tally.mjs';

// A request that is itself in order.
const plain = 50;

/** A caller that is bound to one project is refused every other one, on every surface. */
export async function confined(home, operations, tokens, { own, other }, tally) {
  const session = await home.session({ role: 'agent', project: own, bound: true, toolsets: ['default', 'admin', 'cloud'] });
  const client = await home.client({ args: ['--project', own, '--toolsets', 'all'] });
  const overHttp = async (token, path, name, input) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const { status, text } = await send(home.url, token, { method: 'POST', path: `${path}?toolsets=all`, headers, body });
    if (status !== 200) return String(status);
    return toCode(JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text).result);
  };
  for (const operation of operations) {
    const { name, input, access, route, toolset } = operation;
    if (access === 'owner') continue;
    const fields = Object.keys(input.properties);
    if (!fields.some((field) => ['project', 'path', 'secrets'].includes(field))) continue;
    const surfaces = { 'a bound session': async (data) => codeOf(session.request('call', { operation: name, input: data })) };
    if (route) {
      surfaces['a bound token'] = async (data) => {
        const { status } = await send(home.url, tokens.bound, restRequest(operation, data, plain));
        return status === 403 ? 'forbidden' : status < 300 ? 'ok' : String(status);
      };
    }
    if (toolset) {
      surfaces['a bound pipe'] = async (data) =>
        callTool(client, name, data).then(
          () => 'ok',
          (error) => error.code,
        );
      surfaces['a bound token at /mcp'] = (data) => overHttp(tokens.bound, '/mcp', name, data);
      surfaces['a free token at /mcp/{project}'] = (data) => overHttp(tokens.free, `/mcp/${own}`, name, data);
    }
    for (const [what, call] of Object.entries(surfaces)) {
      const foreign = await call(leastInput(operations, name, other));
      tally.expect(foreign === 'forbidden', 'refused', `${name} of another project by ${what}: ${foreign}`);
      // An agent may not destroy at all; everyone else may touch the own project.
      if (access === 'destroy' && /session|pipe/.test(what)) continue;
      const mine = await call(leastInput(operations, name, own));
      tally.expect(!['forbidden', '403'].includes(mine), 'allowed', `${name} of the own project by ${what}: ${mine}`);
    }
    if (access !== 'read' || !fields.includes('project')) continue;
    const answer = await session
      .request('call', { operation: name, input: leastInput(operations, name, undefined) })
      .catch((error) => error.message);
    tally.expect(!JSON.stringify(answer).includes(other), 'refused', `${name} without a project tells a bound session of another project`);
  }
  const elsewhere = await overHttp(tokens.bound, `/mcp/${other}`, 'get_status', {});
  tally.expect(elsewhere === '403', 'refused', `a bound token at the MCP address of another project: ${elsewhere}`);
}

/** A read-only token changes and releases nothing. */
export async function readOnly(home, operations, token, own, tally) {
  for (const operation of operations.filter(({ route }) => route)) {
    const { status } = await send(home.url, token, restRequest(operation, leastInput(operations, operation.name, own), plain));
    const read = operation.access === 'read';
    tally.expect((status === 403) !== read, read ? 'allowed' : 'refused', `${operation.name} by a read-only token: ${status}`);
  }
}

import { callTool, Refusal } from '../harness.mjs';
import { RawPipe } from '../raw-pipe.mjs';
import { codeOf, leastInput } from './tally.mjs';

/** A pipe, and any session of an agent, is refused what is the owner's, whatever way it asks. */
export async function ownerOnly(home, operations, own, tally) {
  const session = await home.session({ role: 'agent', toolsets: ['default', 'admin', 'cloud'] });
  const client = await home.client({ args: ['--toolsets', 'all'] });
  const pipe = new RawPipe(home, { args: ['--toolsets', 'all'] });
  const names = operations.filter(({ access }) => access === 'owner').map(({ name }) => name);
  for (const name of names) {
    const input = leastInput(operations, name, own);
    const answers = {
      'a call': await codeOf(session.request('call', { operation: name, input })),
      'a tool call': await codeOf(session.request('tools/call', { name, arguments: input })),
      'a full tool name': await codeOf(session.request('tools/call', { name: `mcp__meta__${name}`, arguments: input })),
      'an SDK client': await callTool(client, name, input).then(
        () => 'ok',
        (error) => (error instanceof Refusal ? error.code : error.message),
      ),
    };
    for (const [what, code] of Object.entries(answers))
      tally.expect(['forbidden', 'unknown_operation'].includes(code), 'refused', `${name} by ${what} of an agent: ${code}`);
  }
  tally.expect(names.length > 0, 'allowed', 'there is no owner operation to refuse');
  const destroys = operations.filter(({ access }) => access === 'destroy');
  for (const { name } of destroys) {
    const code = await codeOf(session.request('call', { operation: name, input: leastInput(operations, name, own) }));
    tally.expect(code === 'forbidden', 'refused', `${name} by an agent: ${code}`);
  }
  const shutdown = await codeOf(session.request('shutdown', {}));
  tally.expect(shutdown === 'forbidden', 'refused', `shutdown by an agent: ${shutdown}`);
  // What a pipe passes on is tools/call alone: it cannot be talked into another role.
  await pipe.initialize();
  for (const [method, params] of Object.entries({
    hello: { role: 'owner' },
    call: { operation: names[0], input: {} },
    shutdown: {},
  })) {
    const answer = await pipe.request(method, params);
    tally.expect(answer?.error !== undefined, 'refused', `${method} through a pipe: ${JSON.stringify(answer)}`);
  }
  for (const role of ['Owner', ['owner'], { owner: true }, undefined]) {
    const claimed = await home.session({ role });
    const code = await codeOf(claimed.request('call', { operation: names[0], input: leastInput(operations, names[0], own) }));
    tally.expect(code === 'forbidden', 'refused', `an owner operation by the role ${JSON.stringify(role)}: ${code}`);
  }
}

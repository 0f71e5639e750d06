// The same methods, answered by the running service: node examples/client.mjs
import { connect } from '@supervisor/client';

const { secrets, ports, tasks } = await connect();
await secrets.store('meta/anthropic/api_key', 'not-a-real-key', { description: 'Claude', type: 'api_key', provider: 'anthropic' });
const apiKey = await secrets.retrieve('meta/anthropic/api_key');

const { port } = await ports.allocatePort('consilio', 'penpot');

await tasks.startTask('task-123', 'epic_creation', 'Create the onboarding epic');
const { status } = await tasks.completeTask('task-123');

console.log(JSON.stringify({ characters: apiKey.length, port, status }));

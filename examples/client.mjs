// The same methods, answered by the running service: node examples/client.mjs
import { connect } from '@supervisor/client';

const { secrets, ports, tasks } = await connect();
await secrets.store('meta/anthropic/api_key', 'not-a-real-key', { description: 'Claude', type: 'api_key', provider: 'anthropic' });
const apiKey = await secrets.retrieve('meta/anthropic/api_key');

const { port } = await ports.allocatePort('consilio', 'penpot');

const id = `task-${Date.now()}`;
await tasks.startTask(id, 'epic_creation', 'Create the onboarding epic');
const { status } = await tasks.completeTask(id);

console.log(JSON.stringify({ characters: apiKey.length, port, status }));

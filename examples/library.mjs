// The packages on their own, with the database of your home, while no service has it open:
// supervisor stop; ENCRYPTION_KEY=$(cat ~/.supervisor/encryption.key) node examples/library.mjs
import { PortManager } from '@supervisor/ports';
import { SecretsManager } from '@supervisor/secrets';
import { TaskTimer } from '@supervisor/timing';

const secrets = new SecretsManager(process.env.ENCRYPTION_KEY);
await secrets.store('meta/anthropic/api_key', 'not-a-real-key', { description: 'Claude', type: 'api_key', provider: 'anthropic' });
const apiKey = await secrets.retrieve('meta/anthropic/api_key');

const { port } = await new PortManager().allocatePort('consilio', 'penpot');

const timer = new TaskTimer();
const id = `task-${Date.now()}`;
await timer.startTask(id, 'epic_creation', 'Create the onboarding epic');
const { status } = await timer.completeTask(id);

console.log(JSON.stringify({ characters: apiKey.length, port, status }));

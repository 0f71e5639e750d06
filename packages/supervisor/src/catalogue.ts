import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, type Catalogue } from '@supervisor/core';
import { modules } from './modules.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** What an agent's host shows the model about this server: when to ask. At most 1,200 characters. */
const instructions = `Supervisor is the one place on this machine that knows ports, secrets, task times and lessons of all projects. Ask it instead of guessing.
- Before binding a port: allocate_port (service "web", "api" …) and use the port it answers. The same service always gets the same port. Never pick one yourself.
- Before asking a person for a key: list_secrets, then retrieve_secret. When a person gives you a key: store_secret at project/provider/name at once. Never write a value into a file, a log or a message.
- When work starts: start_task with a type that you use for all work of that kind. When it ends: complete_task. Before promising a time: estimate_task, which knows what such work really took.
- Before solving what someone may have solved: search_knowledge. After a surprise, a decision or an incident: learn.
- get_status tells who holds what.
The project is that of your working directory or token; name another with the field project. Lists are of all projects without it. An error says what to do next.`;

/** The contract of this build as data, for `operations.json`. */
export function catalogue(): Catalogue {
  const contract = { version, instructions, operations: describe(modules) };
  return { ...contract, hash: createHash('sha256').update(JSON.stringify(contract)).digest('hex') };
}

export { version };

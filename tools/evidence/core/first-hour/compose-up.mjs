// Stands in for `docker compose up` where there is no engine: listens where the compose file publishes, with variables from the environment.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parse } from 'yaml';

const { services } = parse(readFileSync('compose.yaml', 'utf8'));
for (const [name, { ports }] of Object.entries(services)) {
  const [published] = ports[0].replace(/\$\{(\w+):-(\d+)\}/, (_, variable, preset) => process.env[variable] ?? preset).split(':');
  createServer((_request, response) => response.end(`${name}\n`)).listen(Number(published), '127.0.0.1');
}

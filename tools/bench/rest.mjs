import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './home.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { services } from './ports.mjs';
import { runNode, startNode } from './processes.mjs';
import { embeddedService, postgresService, postgresUrl } from './services.mjs';
import { figure } from './table.mjs';

const goal = 0.85;
const connections = 8;
const milliseconds = 1500;
// A server is as fast as it gets after some ten thousand requests.
const warmMilliseconds = 4000;
const rounds = 8;
const paths = ['/api/v1/projects/shop/ports/web', '/api/v1/ports?project=shop'];
const load = fileURLToPath(new URL('load.mjs', import.meta.url));
const bareServer = fileURLToPath(new URL('bare-fastify.mjs', import.meta.url));

/** Reads per second of the service, against a hand-written route on the same server, or on an embedded directory with equal contents. */
export async function measureRest() {
  const onPostgres = await postgresService();
  const service = onPostgres ?? (await embeddedService());
  await addPorts(service);
  const bare = await startBare(onPostgres ? await postgresUrl() : join(temporaryFolder(), 'data'));
  const kind = onPostgres ? 'PostgreSQL' : 'embedded';
  const figures = [];
  for (const path of paths) {
    for (const server of [service, bare]) await readsPerSecond(server, path, warmMilliseconds);
    const { ours, theirs } = await interleave(rounds, {
      ours: () => readsPerSecond(service, path),
      theirs: () => readsPerSecond(bare, path),
    });
    const detail = `${medians(ours, theirs, 'a second')}, ${connections} connections, ${kind}`;
    figures.push(figure(`GET ${path} / bare Fastify`, medianRatio(ours, theirs), { atLeast: goal, detail }));
  }
  return figures;
}

async function addPorts({ url, token }) {
  for (const name of services) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1/projects/shop/ports/${name}`, { method: 'PUT', headers, body: '{}' });
    if (!response.ok) throw new Error(await response.text());
  }
}

async function startBare(database) {
  const child = startNode([bareServer, database]);
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('The bare server did not start.');
    }),
  ]);
  return JSON.parse(String(line));
}

async function readsPerSecond({ url, token }, path, duration = milliseconds) {
  const { output } = await runNode([load, `${url}${path}`, String(connections), String(duration)], { env: { TOKEN: token } });
  return JSON.parse(output).perSecond;
}

// One of many programs that want ports at once. It asks for all of them, then listens on each, and holds them until it ends.
// Usage: asker.mjs WAY TARGET NAME COUNT FIRST LAST, with a line on stdin for each step: ask, listen.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { connect } from '@supervisor/client';
import { openDatabase } from '@supervisor/db';
import { PortManager } from '@supervisor/ports';
import { detect } from 'detect-port';
import getPort, { portNumbers } from 'get-port';
import portfinder from 'portfinder';

const [way, target, name, count, first, last] = process.argv.slice(2);
const lease = { expiresInSeconds: 60 };

const ways = {
  async direct() {
    const ports = new PortManager({ db: await openDatabase(target) });
    return async (service) => (await ports.allocatePort('rush', service, lease)).port;
  },
  async service() {
    const { ports } = await connect({ home: target });
    return async (service) => (await ports.allocatePort('rush', service, lease)).port;
  },
  'get-port': () => () => getPort({ port: portNumbers(Number(first), Number(last)) }),
  portfinder: () => () => portfinder.getPortPromise({ port: Number(first), stopPort: Number(last) }),
  'detect-port': () => () => detect(Number(first)),
};

const ask = await ways[way]();
const ports = [];
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const steps = {
  async ask() {
    for (let index = 0; index < Number(count); index++) {
      const port = await ask(`${name}-${index}`);
      ports.push(port);
      say({ port });
    }
    say({ done: 'ask' });
  },
  async listen() {
    let failed = 0;
    for (const port of ports) {
      const server = createServer();
      await new Promise((resolve) => server.once('error', () => resolve(failed++)).listen({ port, host: '::' }, resolve));
    }
    say({ done: 'listen', failed });
  },
};

say({ done: 'start' });
for await (const line of createInterface({ input: process.stdin })) await steps[line]();
process.exit();

import { createServer } from 'node:net';

/** What binding a port showed; `unknown` where this process may not bind it. */
export type Probe = 'free' | 'taken' | 'unknown';

// Linux refuses the any-address while any other one is listened on; macOS only the very same address.
const addresses = process.platform === 'linux' ? ['0.0.0.0', '::'] : ['0.0.0.0', '::', '127.0.0.1', '::1'];

// Two probes of one port at once would find each other.
const running = new Map<number, Promise<Probe>>();

/** Whether a service could listen on a port of this host, on every address of both families: binds it for a moment. */
export function probePort(port: number): Promise<Probe> {
  const probe = running.get(port) ?? bindAll(port).finally(() => running.delete(port));
  running.set(port, probe);
  return probe;
}

async function bindAll(port: number): Promise<Probe> {
  let answer: Probe = 'unknown';
  for (const host of addresses) {
    const probe = await bind(port, host);
    if (probe === 'taken') return 'taken';
    if (probe === 'free') answer = 'free';
  }
  return answer;
}

function bind(port: number, host: string): Promise<Probe> {
  return new Promise((resolve) => {
    const server = createServer();
    // Without IPv6, or below 1024 without the right to, nothing is learned.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' ? 'taken' : 'unknown'));
    server.listen({ port, host, ipv6Only: host.includes(':'), exclusive: true }, () => server.close(() => resolve('free')));
  });
}

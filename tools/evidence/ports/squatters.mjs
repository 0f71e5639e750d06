import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Programs that ask nobody: ten listeners on the first ports of a range, on addresses of every kind. Answers with their ports. */
export async function squat(stage, first) {
  const own = Object.values(networkInterfaces())
    .flat()
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const addresses = [
    { host: '127.0.0.1' },
    { host: '0.0.0.0' },
    { host: '::1' },
    { host: '::', ipv6Only: true },
    { host: '::' },
    { host: '127.0.0.2' },
    { host: own ?? '127.0.1.5' },
    { host: '127.0.0.2' },
    { host: '::1' },
    { host: own ?? '127.0.1.5' },
  ];
  return Promise.all(
    addresses.map(async (address, index) => {
      const port = first + 3 * index;
      const server = createServer();
      stage.onEnd(() => server.close());
      await new Promise((resolve, reject) => server.once('error', reject).listen({ port, ...address }, resolve));
      return port;
    }),
  );
}

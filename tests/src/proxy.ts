import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a program and the server that a URL names; while it hangs, both sides wait. */
export async function startProxy(target: string): Promise<{ url: string; hang(): void; goOn(): void; close(): void }> {
  const url = new URL(target);
  const folder = url.searchParams.get('host');
  const port = Number(url.port || 5432);
  const server = folder?.startsWith('/') ? { path: `${folder}/.s.PGSQL.${port}` } : { host: folder ?? url.hostname, port };
  url.searchParams.delete('host');
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    const other = connect(server);
    socket.pipe(other).pipe(socket);
    for (const one of [socket, other])
      sockets.add(one.on('error', () => one.destroy()).on('close', () => (sockets.delete(one), socket.destroy(), other.destroy())));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  return {
    url: url.href,
    hang: () => sockets.forEach((socket) => socket.pause()),
    goOn: () => sockets.forEach((socket) => socket.resume()),
    close() {
      proxy.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

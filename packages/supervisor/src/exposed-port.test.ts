import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { PortManager } from '@supervisor/ports';
import { exposedPort } from './exposed-port.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let ports: PortManager;
  const portOf = (request: { service?: string; port?: number; project?: string }) =>
    exposedPort(ports, [3099, 5544])({ project: 'shop', ...request });

  beforeAll(async () => {
    database = await open();
    ports = new PortManager({ db: database, probe: false });
  });
  afterAll(() => database.close());

  test('a service has its port, allocated when it has none', async () => {
    const { port } = await portOf({ service: 'web' });
    expect(await ports.getPort('shop', 'web')).toMatchObject({ port });
    expect(await portOf({ port })).toEqual({ service: 'web', port });
    expect(await portOf({ service: 'web', port })).toEqual({ service: 'web', port });
  });

  test('a port that is not the project’s is refused', async () => {
    const { port } = await ports.allocatePort('blog', 'web');
    for (const request of [{ port }, { port: 3777 }, { service: 'api', port: (await portOf({ service: 'web' })).port }])
      await expect(portOf(request)).rejects.toMatchObject({ code: 'not_owned' });
    await expect(portOf({})).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('a lease would end before its name; one that is over is no allocation', async () => {
    const { port } = await ports.allocatePort('shop', 'throwaway', { expiresInSeconds: 1 });
    await expect(portOf({ port })).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('for good') });
    await expect(portOf({ service: 'throwaway' })).rejects.toMatchObject({ code: 'conflict' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await expect(portOf({ port })).rejects.toMatchObject({ code: 'not_owned' });
  });

  test.each(['db', 'postgres', 'shop-redis', 'mysql8', 'MongoDB', 'cache/memcached'])(
    '%s is a database, whatever its port',
    async (service) => {
      await expect(portOf({ service })).rejects.toMatchObject({ code: 'protected' });
      await expect(ports.getPort('shop', service)).rejects.toMatchObject({ code: 'not_found' });
    },
  );

  test('neither Supervisor nor a database by its port', async () => {
    await ports.allocateSpecificPort('shop', 'search', 9200);
    await expect(portOf({ port: 9200 })).rejects.toMatchObject({ code: 'protected' });
    for (const port of [3099, 5544]) await expect(portOf({ port })).rejects.toMatchObject({ code: 'protected' });
    await ports.allocateSpecificPort('meta', 'supervisor', 3050);
    await expect(portOf({ project: 'meta', service: 'supervisor' })).rejects.toMatchObject({ code: 'protected' });
  });

  test.each(['web', 'api', 'dashboard', 'debugger', 'pgadmin', 'adb-web'])('%s may be exposed', async (service) => {
    expect(await portOf({ service })).toMatchObject({ service });
  });
});

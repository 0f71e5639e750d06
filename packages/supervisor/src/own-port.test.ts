import { expect, test } from '@jest/globals';
import { openEmbeddedForTests } from '@supervisor/db/testing';
import { PortManager } from '@supervisor/ports';
import { holdPort } from './own-port.js';

test('a port of a service is named, that of another Supervisor is its own matter', async () => {
  const db = await openEmbeddedForTests();
  const ports = new PortManager({ db, probe: false });
  expect(await holdPort(ports, 3099, 'aaaa1111')).toBeUndefined();
  expect(await holdPort(ports, 3099, 'aaaa1111')).toBeUndefined();
  expect(await holdPort(ports, 3099, 'bbbb2222')).toBeUndefined();
  const { allocations } = await ports.listAllocations({ project: 'meta' });
  expect(allocations).toMatchObject([{ port: 3099, service: 'supervisor', instance: 'aaaa1111' }]);
  await ports.allocateSpecificPort('shop', 'web', 3150);
  expect(await holdPort(ports, 3150, 'aaaa1111')).toContain('belongs to shop/web');
  await db.close();
});

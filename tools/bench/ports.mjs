import { PortManager } from '@supervisor/ports';

/** The ports that reads are measured on. On a database that has them, nothing changes. */
export const services = ['web', 'api', 'db', 'cache', 'worker'];

export async function addPorts(db) {
  const ports = new PortManager({ db });
  for (const service of services) await ports.allocatePort('shop', service);
}

// What the owner of a service does in both clouds' evidence.
import { query, until } from '../harness.mjs';

/** Calls operations as the owner. */
export async function ownerOf(home) {
  const session = await home.session({ role: 'owner', project: 'shop' });
  return (operation, input) => session.request('call', { operation, input });
}

/**
 * Kills the service, and starts it again after the leases it held have run out.
 * @param url of its PostgreSQL; absent when embedded @param tables those with leases
 */
export async function killAndStart(home, url, tables) {
  process.kill(home.servicePid(), 'SIGKILL');
  await until(() => home.servicePid() === undefined, 5000, 'the killed service to be gone');
  for (const table of url ? tables : [])
    await query(url, `update supervisor.${table} set lease_until = now() - interval '1 second' where lease_until is not null`);
  await home.start();
}

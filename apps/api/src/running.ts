import { findService, followLog, isOutdated, readServiceNote, serviceGone, type Build, type ServiceIdentity } from '@supervisor/client';
import type { Home } from '@supervisor/core/home';

/**
 * Joins the service that runs already, for a person: shows its banner and follows its log.
 * @returns false when there is none to join, as when it was an older build, which has ended now.
 */
export async function joinRunning(home: Home, build: Build | undefined): Promise<boolean> {
  const rpc = await findService(home);
  if (!rpc) return false;
  const identity = (await rpc.request('hello', { role: 'owner', build })) as ServiceIdentity;
  if (identity.outdated) {
    console.log(`Supervisor ${identity.version} (pid ${identity.pid}) is an older build: it finishes what runs and makes way …`);
    rpc.close();
    await serviceGone(home, identity.pid);
    return false;
  }
  const status = (await rpc.request('call', { operation: 'get_status', input: {} })) as { database: { kind: string; location: string } };
  rpc.close();
  const [{ banner }, { installCommand }, { readInstance }] = await Promise.all([
    import('./banner.js'),
    import('./command.js'),
    import('@supervisor/supervisor'),
  ]);
  const { url = null, problem } = readServiceNote(home) ?? {};
  const key = readInstance(home)?.key;
  const { version, pid } = identity;
  const newer = build && identity.build && isOutdated(build, identity.build);
  const notes = [
    `It was running already${newer ? ', from a newer build than this one' : ''}; supervisor stop ends it.`,
    ...(problem ? [problem] : []),
  ];
  console.log(banner({ home, version, pid, database: status.database, key, url, notes, command: installCommand(home) }));
  if (!process.stdout.isTTY) return true;
  console.log('\nIts log follows. It runs on when you leave (Ctrl-C).');
  await followLog(
    home,
    (text) => process.stdout.write(text),
    () => readServiceNote(home)?.pid === pid,
  );
  return true;
}

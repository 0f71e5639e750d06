// A throwaway PostgreSQL: in a temporary folder, on a Unix socket, gone afterwards. It refuses to run as root, so then another user runs it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder of the newest server binaries on this machine; undefined when there are none. */
export function findPostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const asked = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim();
  const folders = [...versions.map((version) => join(debian, version, 'bin')), asked, '/opt/homebrew/bin', '/usr/local/bin'];
  return folders.find((folder) => folder && existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Starts a server; undefined when this machine has none. `stop()` removes it. */
export async function startPostgres(settings = {}) {
  const binaries = findPostgres();
  if (!binaries) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-pg-'));
  const user = ordinaryUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'test', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'], {
    ...user,
    stdio: 'ignore',
    cwd: folder,
  });
  const options = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '200',
    ...settings,
  };
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    },
  );
  const stop = async () => {
    if (server.exitCode === null) {
      server.kill('SIGINT');
      await Promise.race([new Promise((resolve) => server.once('exit', resolve)), sleep(10_000)]);
      server.kill('SIGKILL');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; spawnSync(join(binaries, 'pg_isready'), ['-h', folder, '-q']).status !== 0; tries++) {
    if (tries > 200 || server.exitCode !== null) {
      await stop();
      throw new Error('The throwaway PostgreSQL did not start.');
    }
    await sleep(50);
  }
  return { url: `postgresql://test@/postgres?host=${encodeURIComponent(folder)}`, folder, pid: server.pid, stop };
}

// Debian's postgres user where there is one, else nobody.
function ordinaryUser() {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u') || 65534, gid: id('-g') || 65534 };
}

// An official SDK, for the contract tests alone: in a folder of its own, never in the lockfile.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/supervisor-sdks/', import.meta.url));

/**
 * Installs a package at an exact version, unless it is there.
 * @returns what resolves names beside it; undefined when the registry is away
 */
export function installSdk(name, version) {
  const folder = join(cache, `${name.replaceAll('/', '+')}@${version}`);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    writeFileSync(join(making, 'package.json'), '{"private": true}');
    try {
      const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefer-offline'];
      execFileSync('npm', ['install', ...flags, `${name}@${version}`], { cwd: making, stdio: 'pipe', timeout: 240_000 });
      renameSync(making, folder);
    } catch {
      rmSync(making, { recursive: true, force: true });
      if (!existsSync(folder)) return undefined;
    }
  }
  return createRequire(join(folder, 'package.json'));
}

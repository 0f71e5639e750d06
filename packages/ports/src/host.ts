import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let known: string | undefined;

/**
 * Names what has ports of its own: this machine and, on Linux, this process's network namespace. Every process there gets
 * the same 16 hex digits; a container on the same machine gets others.
 */
export function thisHost(): string {
  // Hashed: machine ids are not meant to leave their machine.
  return (known ??= createHash('sha256').update(`${machineId()} ${networkNamespace()}`).digest('hex').slice(0, 16));
}

function machineId(): string {
  for (const read of [
    () => readFileSync('/etc/machine-id', 'utf8'),
    () => readFileSync('/var/lib/dbus/machine-id', 'utf8'),
    () => (process.platform === 'darwin' ? execFileSync('/usr/sbin/sysctl', ['-n', 'kern.uuid'], { encoding: 'utf8', timeout: 2000 }) : ''),
  ]) {
    try {
      const id = read().trim();
      if (id !== '') return id;
    } catch {
      // This system keeps it elsewhere.
    }
  }
  return hostname();
}

function networkNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/net');
  } catch {
    return '';
  }
}

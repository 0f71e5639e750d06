import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '@supervisor/core';

const largestLog = 10 * 1024 * 1024;

export type Log = (level: 'info' | 'error', message: string, fields?: Record<string, unknown>) => void;

/** Writes JSON lines to the home's service.log; the file before is kept once as service.log.1. */
export function openLog(home: Home): Log {
  mkdirSync(home.logs, { recursive: true, mode: 0o700 });
  const path = join(home.logs, 'service.log');
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > largestLog) renameSync(path, `${path}.1`);
  return (level, message, fields = {}) => {
    try {
      appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), level, pid: process.pid, message, ...fields })}\n`, {
        mode: 0o600,
      });
    } catch {
      // A full disk must not take the service down with it.
    }
  };
}

/** An error as a log may hold it. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error };
  const { code } = error as { code?: unknown };
  return {
    error: {
      name: error.name,
      ...(code === undefined ? {} : { code }),
      message: error.message,
      stack: error.stack?.split('\n').slice(1, 8),
    },
  };
}

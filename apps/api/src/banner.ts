import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from '@supervisor/core';
import type { Instance } from '@supervisor/supervisor';
import type { Service } from './service.js';

const pipe = fileURLToPath(new URL('../../mcp-server/dist/main.js', import.meta.url));

/** What the banner says of a service, whether it is this process or another one. */
export interface Facts {
  home: Home;
  version: string;
  pid: number;
  database: { kind: string; location: string };
  /** How many were applied by this start; absent when it was another one's. */
  migrated?: number | undefined;
  key: NonNullable<Instance['key']> | undefined;
  url: string | null;
  publicUrl?: string | undefined;
  notes: string[];
  /** What a person types to run the command: `supervisor`, or its whole path. */
  command: string;
}

export function factsOf({ supervisor, url, notes }: Service, command: string): Facts {
  const { home, version, database, instance, address } = supervisor;
  const { publicUrl } = address;
  return {
    home,
    version,
    pid: process.pid,
    database,
    migrated: database.migrated.length,
    key: instance.key,
    url,
    publicUrl,
    notes,
    command,
  };
}

/** What a person reads when the service is up: where it is, what it holds, and how to connect an agent. */
export function banner({ home, version, pid, database, migrated, key, url, publicUrl, notes, command }: Facts): string {
  // A host starts the pipe without our environment: a home in an unusual place must be said.
  const args = home.directory === join(homedir(), '.supervisor') ? [pipe] : [pipe, '--home', home.directory];
  const onPath = command === 'supervisor';
  const lines = [
    `Supervisor ${version}, pid ${pid}`,
    '',
    `  home       ${home.directory}`,
    `  database   ${database.kind === 'embedded' ? 'embedded (PGlite)' : 'PostgreSQL'} at ${database.location}, answers`,
    ...(migrated === undefined ? [] : [`  migrations ${migrated === 0 ? 'up to date' : `applied ${migrated}`}`]),
    ...(key ? [`  key        fingerprint ${key.id}, from ${placeOf(key.from)}`] : []),
    `  token      ${home.token}`,
    `  socket     ${home.socket}`,
    `  command    ${command}`,
    ...(onPath ? [] : [`             to type just supervisor: export PATH="${dirname(home.command)}:$PATH"`]),
    ...(url ? [`  http       ${url}  (docs at ${url}/docs)`] : []),
    ...(url && publicUrl ? [`  public     ${publicUrl}  (supervisor login ${publicUrl})`] : []),
    ...notes.map((note) => `  note       ${note}`),
    '',
    'Connect your agents:',
    `  ${command} mcp install`,
    'or by hand:',
    `  Claude Code   claude mcp add --scope user meta -- ${process.execPath} ${args.join(' ')}`,
    `  other hosts   {"mcpServers": {"meta": {"command": ${JSON.stringify(process.execPath)}, "args": ${JSON.stringify(args)}}}}`,
    ...(url ? [`  over HTTP     ${url}/mcp  with the header  Authorization: Bearer <the token>`] : []),
    '',
    'Keep a copy of the key elsewhere: without it nothing stored can be read again.',
  ];
  return lines.join('\n');
}

function placeOf(from: NonNullable<Instance['key']>['from']): string {
  if ('file' in from) return from.file;
  return 'envFile' in from ? `ENCRYPTION_KEY in ${from.envFile}` : 'ENCRYPTION_KEY in the environment';
}

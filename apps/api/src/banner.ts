import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Service } from './service.js';

const pipe = fileURLToPath(new URL('../../mcp-server/dist/main.js', import.meta.url));

/** What a person reads when the service is up: where it is, what it holds, and how to connect an agent. */
export function banner({ supervisor, url, notes }: Service, command: string): string {
  const { home, version, database, keyId, instance } = supervisor;
  const { publicUrl } = supervisor.address;
  const keyFrom = instance.key?.from;
  const keyPlace = !keyFrom
    ? ''
    : 'file' in keyFrom
      ? keyFrom.file
      : 'envFile' in keyFrom
        ? `ENCRYPTION_KEY in ${keyFrom.envFile}`
        : 'ENCRYPTION_KEY in the environment';
  // A host starts the pipe without our environment: a home in an unusual place must be said.
  const args = home.directory === join(homedir(), '.supervisor') ? [pipe] : [pipe, '--home', home.directory];
  const lines = [
    `Supervisor ${version}, pid ${process.pid}`,
    '',
    `  home       ${home.directory}`,
    `  database   ${database.kind === 'embedded' ? 'embedded (PGlite)' : 'PostgreSQL'} at ${database.location}, answers`,
    `  migrations ${database.migrated.length === 0 ? 'up to date' : `applied ${database.migrated.length}`}`,
    `  key        fingerprint ${keyId}, from ${keyPlace}`,
    `  token      ${home.token}`,
    `  socket     ${home.socket}`,
    `  command    ${command}`,
    ...(url ? [`  http       ${url}  (docs at ${url}/docs)`] : []),
    ...(url && publicUrl ? [`  public     ${publicUrl}  (supervisor login ${publicUrl})`] : []),
    ...notes.map((note) => `  note       ${note}`),
    '',
    'Connect an agent:',
    `  Claude Code   claude mcp add --scope user meta -- ${process.execPath} ${args.join(' ')}`,
    `  other hosts   {"mcpServers": {"meta": {"command": ${JSON.stringify(process.execPath)}, "args": ${JSON.stringify(args)}}}}`,
    ...(url ? [`  over HTTP     ${url}/mcp  with the header  Authorization: Bearer <the token>`] : []),
    '',
    'Keep a copy of the key elsewhere: without it nothing stored can be read again.',
  ];
  return lines.join('\n');
}

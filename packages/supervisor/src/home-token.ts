import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { TokenRegistry } from '@supervisor/auth';
import { SupervisorError, type Home } from '@supervisor/core';

/** Other services and scripts of this user take the token from the file; one that the database does not know is replaced. */
export async function ensureToken(home: Home, tokens: TokenRegistry): Promise<void> {
  if (existsSync(home.token)) {
    const known = await tokens.verify(readFileSync(home.token, 'utf8').trim()).catch((error) => {
      if (error instanceof SupervisorError && error.code === 'unauthenticated') return undefined;
      throw error;
    });
    if (known) return;
  }
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  const { token } = await tokens.create(`home ${home.directory}`.slice(0, 100));
  writeFileSync(home.token, `${token}\n`, { mode: 0o600 });
}

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { runChild } from '../child.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor tunnel run [--account NAME] [--tunnel NAME]

Runs cloudflared for the tunnel of your exposed services, until you end it. Its token comes from Cloudflare through the
service and reaches cloudflared in the environment, where no list of processes shows it.

  --account NAME   the Cloudflare account; the first one when left out
  --tunnel NAME    the tunnel; the standard one when left out

Example: supervisor tunnel run
`;

const flags = { account: { type: 'string' }, tunnel: { type: 'string' } } as const;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values } = parseFlags(words, flags);
  requireCloudflared();
  const { tunnel, token } = (await caller.call('get_tunnel_token', { ...values })) as { tunnel: string; token: string };
  await caller.close();
  console.error(`Running cloudflared for tunnel ${tunnel}. Ctrl-C ends it.`);
  const command = ['cloudflared', 'tunnel', '--no-autoupdate', 'run'];
  process.exitCode = await runChild(command, { ...process.env, TUNNEL_TOKEN: token }, [{ name: `tunnel/${tunnel}`, value: token }]);
}

function requireCloudflared(): void {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'cloudflared'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found)
    throw new SupervisorError(
      'unavailable',
      'cloudflared is not on your PATH. Install it (https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/) and try again.',
    );
}

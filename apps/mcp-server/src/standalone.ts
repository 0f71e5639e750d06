import { findProject } from '@supervisor/client';
import { agent, homeAt, SupervisorError } from '@supervisor/core';
import { serveStdio } from '@supervisor/mcp';
import { catalogue, openSupervisor } from '@supervisor/supervisor';
import type { Options } from './options.js';

/** Opens PostgreSQL in this process and serves MCP on stdio: for a container, where there is no service to share. */
export async function runStandalone({ project, home, selection }: Options): Promise<void> {
  const supervisor = await openSupervisor({ home: homeAt(home), useEnvironment: true }, (id, operation, error) => {
    console.error(JSON.stringify({ id, operation, error: error instanceof Error ? error.message : error }));
  });
  if (supervisor.database.kind === 'embedded') {
    await supervisor.close();
    throw new SupervisorError(
      'invalid_input',
      '--standalone needs PostgreSQL (DATABASE_URL): an embedded database belongs to one service. Leave --standalone out.',
    );
  }
  const { version, instructions } = catalogue();
  const place = findProject(process.cwd());
  const principal = agent({ boundTo: project ?? null, readOnly: selection.readOnly === true });
  await serveStdio({
    answerer: supervisor,
    version,
    instructions,
    selection,
    caller: { principal, ...place, ...(project === undefined ? {} : { project }) },
  });
  await supervisor.close();
}

import { demandProject } from '@supervisor/client';
import { agent, homeAt, SupervisorError } from '@supervisor/core';
import { serveStdio } from '@supervisor/mcp';
import { catalogue, decide, openSupervisor } from '@supervisor/supervisor';
import type { Options } from './options.js';

/** Opens PostgreSQL in this process and serves MCP on stdio: for a container, where there is no service to share. */
export async function runStandalone({ project, home, selection }: Options): Promise<void> {
  const settings = { home: homeAt(home), useEnvironment: true };
  // Before anything is opened: an embedded home would be made and recorded.
  if (decide(settings).database.kind === 'embedded') throw needsPostgres();
  const supervisor = await openSupervisor(settings, (id, operation, error) => {
    console.error(JSON.stringify({ id, operation, error: error instanceof Error ? error.message : error }));
  });
  const { version, instructions } = catalogue();
  const place = demandProject(process.cwd());
  const principal = agent({ boundTo: project ?? null, readOnly: selection.readOnly === true });
  await serveStdio({
    answerer: supervisor,
    version,
    instructions,
    selection: await supervisor.select(selection),
    caller: { principal, ...(project === undefined || project === place.project ? place : { project }) },
  });
  await supervisor.close();
}

function needsPostgres(): SupervisorError {
  const message = '--standalone needs PostgreSQL (DATABASE_URL): an embedded database belongs to one service. Leave --standalone out.';
  return new SupervisorError('invalid_input', message);
}

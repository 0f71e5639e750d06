import { setTimeout as sleep } from 'node:timers/promises';
import { interleave, median, medianRatio } from './median.mjs';
import { inHome, pipeEntry } from './pipe.mjs';
import { end, residentMemory, startNode } from './processes.mjs';
import { embeddedService } from './services.mjs';
import { startServer } from './stdio.mjs';
import { figure } from './table.mjs';

const goal = 45;
const settleMilliseconds = 300;

/** Resident memory of the pipe after tools/list and one call, beside that of a Node process that does nothing. */
export async function measureMemory() {
  if (residentMemory(process.pid) === undefined) return [];
  const { home } = await embeddedService();
  const { pipe, idle } = await interleave(5, {
    async pipe() {
      const server = startServer([pipeEntry], { cwd: home.directory, env: inHome(home) });
      await server.initialize();
      await server.request('tools/list');
      await server.callTool('list_ports', {});
      return memoryThenEnd(server.child);
    },
    idle: () => memoryThenEnd(startNode(['-e', 'setInterval(() => {}, 60_000)'])),
  });
  const detail = `${medianRatio(pipe, idle).toFixed(2)} times an idle node -e (${median(idle).toFixed(1)} MiB)`;
  return [figure('memory of the pipe', median(pipe), { unit: 'MiB', atMost: goal, detail })];
}

async function memoryThenEnd(child) {
  await sleep(settleMilliseconds);
  const resident = residentMemory(child.pid);
  await end(child);
  return resident;
}

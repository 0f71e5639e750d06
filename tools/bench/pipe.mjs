import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeColdHome, root, temporaryFolder } from './home.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { end } from './processes.mjs';
import { embeddedService } from './services.mjs';
import { startServer } from './stdio.mjs';
import { figure } from './table.mjs';

export const pipeEntry = `${root}apps/mcp-server/dist/main.js`;

const goal = 0.4;
const oneTool = fileURLToPath(new URL('one-tool-server.mjs', import.meta.url));
const memoryServer = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-memory/dist/index.js'));

/** Spawn to the answer of tools/list, with the service up and with none. */
export async function measurePipe() {
  const folder = temporaryFolder();
  const { home } = await embeddedService();
  const rivals = {
    oneTool: () => untilTools([oneTool], { cwd: folder }),
    memory: () => untilTools([memoryServer], { cwd: folder, env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') } }),
  };
  const up = await interleave(20, { pipe: () => untilTools([pipeEntry], { cwd: folder, env: inHome(home) }), ...rivals });
  const none = await interleave(10, { pipe: untilToolsInNewHome, ...rivals });
  return [...compare('service up', up), ...compare('no service', none)];
}

function compare(state, { pipe, oneTool, memory }) {
  return [
    figure(`pipe start, ${state} / one-tool SDK server`, medianRatio(pipe, oneTool), {
      atMost: goal,
      detail: medians(pipe, oneTool, 'ms'),
    }),
    figure(`pipe start, ${state} / memory server`, medianRatio(pipe, memory), { detail: medians(pipe, memory, 'ms') }),
  ];
}

export function inHome(home) {
  return { SUPERVISOR_HOME: home.directory };
}

async function untilTools(args, options, beforeEnd = async () => {}) {
  const started = performance.now();
  const server = startServer(args, options);
  await server.initialize();
  await server.request('tools/list');
  const milliseconds = performance.now() - started;
  await beforeEnd();
  await end(server.child);
  return milliseconds;
}

// The pipe starts a service, which goes on starting after the pipe has answered: it must be gone before the next measurement.
async function untilToolsInNewHome() {
  const { home, started, remove } = await makeColdHome();
  try {
    // A pipe that ends too soon has started none.
    return await untilTools([pipeEntry], { cwd: home.directory, env: inHome(home) }, started);
  } finally {
    await remove();
  }
}

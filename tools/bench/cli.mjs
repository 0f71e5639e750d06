import { root } from './home.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { inHome } from './pipe.mjs';
import { runNode } from './processes.mjs';
import { embeddedService } from './services.mjs';
import { figure } from './table.mjs';

/** `supervisor ports list` as a whole process, with the service up. */
export async function measureCommand() {
  const { home } = await embeddedService();
  const time = async (args) => (await runNode(args, { cwd: home.directory, env: inHome(home) })).milliseconds;
  const { command, empty } = await interleave(20, {
    command: () => time([`${root}apps/cli/dist/main.js`, 'ports', 'list']),
    empty: () => time(['-e', '0']),
  });
  return [figure('supervisor ports list / node -e 0', medianRatio(command, empty), { detail: medians(command, empty, 'ms') })];
}

import { operation, slug, SupervisorError, type AnyOperation } from '@supervisor/core';
import type { LiveAllocation } from '@supervisor/ports';
import { z } from 'zod';
import type { Managers } from './managers.js';

const port = z.int();
const lateMilliseconds = 300_000;

/** For a project that is over. What only its owner can judge is not deleted with it: it is named, and refused for. */
export const forgetProject: AnyOperation<Managers> = operation({
  name: 'forget_project',
  summary: 'Forget a project that is over: its ports, its range of ports and its ended tasks go',
  description:
    'Refused while anything else is there: secrets, knowledge, running tasks, exposures, tunnel rules, DNS records, VMs, tokens, grants to its secrets, or somebody who listens on its ports. What its tasks took stays in statistics and estimates.',
  access: 'owner',
  command: 'projects forget',
  // Never filled in from the folder: whoever forgets a project names it.
  input: z.object({ project: slug.meta({ description: 'The project' }) }),
  output: z.object({
    released: z.array(port).describe('Ports that were given back'),
    range: z.object({ first: port, last: port }).nullable(),
    tasks: z.int().describe('Ended tasks that were deleted'),
  }),
  subject: ({ project }) => project,
  handle: async (managers: Managers, { project }) => {
    if (project === 'meta') throw new SupervisorError('protected', 'meta is of Supervisor itself. It is never forgotten.');
    const left = (await whatIsLeft(managers, project)).filter(({ count }) => count > 0);
    if (left.length > 0)
      throw new SupervisorError(
        'conflict',
        `${project} is not over: ${left.map(({ count, what, next }) => `${count} ${what} (supervisor ${next})`).join(', ')}. Nothing was forgotten.`,
        Object.fromEntries(left.map(({ what, count }) => [what, count])),
      );
    const tasks = await managers.tasks.pruneTasks(0, { project });
    const given = await managers.ports.releaseProject(project);
    if (tasks === 0 && given.range === null && given.released.length === 0)
      throw new SupervisorError('not_found', `There is no project ${project}. \`supervisor projects list\` shows those there are.`);
    return { ...given, tasks };
  },
});

async function whatIsLeft(managers: Managers, project: string): Promise<{ what: string; count: number; next: string }[]> {
  const { secrets, tasks, knowledge, cloudflare, gcloud, tokens, ports } = managers;
  const [kept, learned, ran, exposures, rules, records, vms, bound] = await Promise.all([
    secrets.countByProject(project),
    knowledge.stats(project),
    tasks.countByProject(project),
    cloudflare.listExposures({ project }),
    cloudflare.listRoutes({ project }),
    cloudflare.listRecords({ project }, { limit: 500 }),
    gcloud.listVms({ project, limit: 500 }),
    tokens.list(),
  ]);
  const valid = bound.filter(({ revokedAt }) => revokedAt === null);
  const grants = valid.filter((token) => token.project !== project).flatMap((token) => token.grants);
  const listening = await countListening(ports, project);
  const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
  return [
    { what: 'secrets', count: sum(kept.map(({ count }) => count)), next: 'secrets delete' },
    { what: 'knowledge', count: sum(learned.map(({ entries }) => entries)), next: 'knowledge forget' },
    { what: 'running tasks', count: sum(ran.map(({ running }) => running)), next: 'tasks complete' },
    { what: 'exposures', count: exposures.length, next: 'unexpose' },
    { what: 'tunnel rules', count: rules.length, next: 'cloudflare remove-tunnel-route' },
    { what: 'DNS records', count: records.rows.length, next: 'cloudflare delete-dns-record' },
    { what: 'VMs', count: vms.vms.length, next: 'gcloud delete-vm' },
    { what: 'tokens', count: valid.filter((token) => token.project === project).length, next: 'tokens revoke' },
    // Whoever makes a project of this name later would have opened its secrets to them.
    {
      what: 'grants of other tokens',
      count: grants.filter(({ paths }) => paths.startsWith(`${project}/`)).length,
      next: 'tokens grant ID PATHS --actions none',
    },
    { what: 'ports that somebody listens on', count: listening, next: 'ports list --live' },
  ];
}

async function countListening(ports: Managers['ports'], project: string): Promise<number> {
  let count = 0;
  for (let cursor: string | undefined; ;) {
    const page = await ports.listLive({ project, limit: 500, cursor });
    count += page.allocations.filter(listens).length;
    if (page.nextCursor === undefined) return count;
    cursor = page.nextCursor;
  }
}

// On another host nobody can look from here: the service there notes once a minute what it sees.
function listens({ listener, state, lastSeenAt }: LiveAllocation): boolean {
  return listener !== null || (state === 'unknown' && lastSeenAt !== null && Date.now() - Date.parse(lastSeenAt) < lateMilliseconds);
}

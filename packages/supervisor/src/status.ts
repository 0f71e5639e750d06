import { operation, projectFilter, type AnyOperation } from '@supervisor/core';
import { z } from 'zod';
import type { Managers } from './managers.js';

/** What a status says of the process that answers. */
export interface Vitals {
  version: string;
  instance: string;
  keyId(): string;
  startedAt: number;
  /** When the newest backup was made, and why the last automatic one failed. */
  backups(): Promise<{ newest: string | null; problem: string | null }>;
  database(): Promise<{ kind: string; location: string; latencyMs: number; migrations: number }>;
}

export type StatusDeps = Managers & { vitals: Vitals };

const counts = { secrets: z.int(), ports: z.int(), tasks: z.int(), runningTasks: z.int() };
const project = z.object({ project: z.string(), ...counts });

export const statusOperations: AnyOperation<StatusDeps>[] = [
  operation({
    name: 'get_status',
    route: 'GET /status',
    summary: 'Tell how Supervisor is and who holds what',
    description: 'Version, database, counts for each project, the ports each holds.',
    access: 'read',
    toolset: 'default',
    input: z.object({ project: projectFilter() }),
    output: z.object({
      version: z.string(),
      uptimeSeconds: z.int(),
      instance: z.string(),
      keyId: z.string().describe('Fingerprint of the encryption key'),
      database: z.object({ kind: z.string(), location: z.string(), latencyMs: z.number(), migrations: z.int() }),
      backups: z.object({ newest: z.string().nullable(), problem: z.string().nullable() }),
      ...counts,
      projects: z.array(project.extend({ holds: z.record(z.string(), z.int()).describe('Service to port, the first 20') })),
    }),
    handle: async (deps: StatusDeps, { project }) => {
      const { vitals, ports } = deps;
      const [database, backups, projects, holdings] = await Promise.all([
        vitals.database(),
        vitals.backups(),
        countProjects(deps, project),
        ports.holdings(20, project),
      ]);
      const total = (field: keyof typeof counts) => projects.reduce((sum, row) => sum + row[field], 0);
      const held = new Map<string, typeof holdings>();
      for (const row of holdings) held.set(row.project, [...(held.get(row.project) ?? []), row]);
      const holds = (name: string) => (held.get(name) ?? []).map(({ owner, port }) => [owner.slice(name.length + 1), port]);
      return {
        version: vitals.version,
        uptimeSeconds: Math.round((Date.now() - vitals.startedAt) / 1000),
        instance: vitals.instance,
        keyId: vitals.keyId(),
        database,
        backups,
        secrets: total('secrets'),
        ports: total('ports'),
        tasks: total('tasks'),
        runningTasks: total('runningTasks'),
        projects: projects.map((row) => ({ ...row, holds: Object.fromEntries(holds(row.project)) })),
      };
    },
  }),
  operation({
    name: 'list_projects',
    route: 'GET /projects',
    summary: 'List projects and what each has',
    access: 'read',
    toolset: 'admin',
    input: z.object({ project: projectFilter() }),
    output: z.object({ projects: z.array(project) }),
    handle: async (deps: StatusDeps, { project }) => ({ projects: await countProjects(deps, project) }),
  }),
];

async function countProjects({ secrets, ports, tasks }: StatusDeps, only?: string): Promise<z.infer<typeof project>[]> {
  const [secretCounts, portCounts, taskCounts] = await Promise.all([
    secrets.countByProject(only),
    ports.countByProject(only),
    tasks.countByProject(only),
  ]);
  const slugs = new Set([...secretCounts, ...portCounts, ...taskCounts].map((row) => row.project));
  return [...slugs].toSorted().map((slug) => {
    const of = <Row extends { project: string }>(rows: Row[]) => rows.find((row) => row.project === slug);
    return {
      project: slug,
      secrets: of(secretCounts)?.count ?? 0,
      ports: of(portCounts)?.count ?? 0,
      tasks: of(taskCounts)?.count ?? 0,
      runningTasks: of(taskCounts)?.running ?? 0,
    };
  });
}

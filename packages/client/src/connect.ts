import { readFileSync } from 'node:fs';
import { homeAt, type Home } from '@supervisor/core/home';
import type { KnowledgeBase } from '@supervisor/knowledge';
import type { PortManager } from '@supervisor/ports';
import type { SecretsManager } from '@supervisor/secrets';
import type { TaskTimer } from '@supervisor/timing';
import { demandProject } from './project.js';
import type { Program } from './service.js';
import { Session } from './session.js';

/** The managers' methods, answered by the running service. Their types come from the packages, where those are installed. */
export interface Supervisor {
  secrets: Pick<SecretsManager, 'store' | 'storeBulk' | 'retrieve' | 'list' | 'exists' | 'updateMetadata' | 'delete'>;
  ports: Pick<
    PortManager,
    | 'allocatePort'
    | 'allocateSpecificPort'
    | 'getPort'
    | 'listAllocations'
    | 'listLive'
    | 'explainPort'
    | 'releasePort'
    | 'releaseCopy'
    | 'getUtilization'
    | 'createPortRange'
    | 'listPortRanges'
  >;
  tasks: Pick<
    TaskTimer,
    'startTask' | 'estimateTask' | 'completeTask' | 'failTask' | 'getTask' | 'listTasks' | 'searchTasks' | 'getRunningTasks' | 'getStats'
  >;
  knowledge: Pick<KnowledgeBase, 'learn' | 'search' | 'get' | 'list' | 'update' | 'forget' | 'stats'>;
  /** Calls any operation by its name. When the connection is lost it is not sent again: `outcome_unknown`. */
  call(operation: string, input?: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * Connects to the service of this home (`SUPERVISOR_HOME`, else `~/.supervisor`), and starts it when it was started here before.
 * The connection does not keep the process alive.
 * @throws SupervisorError `unavailable` or `stopped`, with what to do.
 */
export async function connect(options: { home?: string; directory?: string } = {}): Promise<Supervisor> {
  const home = homeAt(options.home);
  const session = new Session({
    home,
    program: recordedProgram(home),
    hello: { role: 'owner', ...demandProject(options.directory ?? process.cwd()) },
  });
  await session.open();
  const call = (operation: string, input: object = {}): Promise<any> => session.call({ name: operation }, input);
  return {
    secrets: {
      store: (path, value, options) => call('store_secret', { path, value, ...options }),
      storeBulk: async (secrets) => (await call('store_secret_bulk', { secrets })).secrets,
      retrieve: async (path) => (await call('retrieve_secret', { path })).value,
      list: (options) => call('list_secrets', options),
      exists: async (path) => (await call('has_secret', { path })).exists,
      updateMetadata: (path, options) => call('update_secret', { path, ...options }),
      delete: (path) => call('delete_secret', { path }),
    },
    ports: {
      allocatePort: (project, service, options) => call('allocate_port', { project, service, ...options }),
      allocateSpecificPort: (project, service, port, options) => call('allocate_specific_port', { project, service, port, ...options }),
      getPort: (project, service, options) => call('get_port', { project, service, ...options }),
      listAllocations: (options) => call('list_ports', options),
      listLive: (options) => call('list_ports', { ...options, live: true }),
      explainPort: (port, project) => call('explain_port', { port, project }),
      releasePort: (project, service, options) => call('release_port', { project, service, ...options }),
      releaseCopy: (project, instance) => call('release_copy', { project, instance }),
      getUtilization: async (project) => (await call('get_port_utilization', { project })).ranges,
      createPortRange: (project, span) => call('create_port_range', { project, ...span }),
      listPortRanges: async () => (await call('list_port_ranges')).ranges,
    },
    tasks: {
      startTask: (id, type, description, options) => call('start_task', { id, type, description, ...options }),
      estimateTask: (task) => call('estimate_task', task),
      completeTask: (id, options) => call('complete_task', { id, ...options }),
      failTask: (id, error, options) => call('fail_task', { id, error, ...options }),
      getTask: (id, options) => call('get_task', { id, ...options }),
      listTasks: (filter) => call('list_tasks', filter),
      searchTasks: (search, filter) => call('list_tasks', { search, ...filter }),
      getRunningTasks: async (filter) => (await call('list_tasks', { ...filter, status: 'running', limit: 500 })).tasks,
      getStats: (filter) => call('get_task_stats', filter),
    },
    knowledge: {
      learn: (project, text, options) => call('learn', { project, text, ...options }),
      search: (query, options) => call('search_knowledge', { query, ...options }),
      get: (id) => call('get_knowledge', { id }),
      list: (filter) => call('list_knowledge', filter),
      update: (id, changes) => call('update_knowledge', { id, ...changes }),
      forget: async (selection, options) => (await call('forget_knowledge', { ...selection, ...options })).forgotten,
      stats: async (project) => (await call('get_knowledge_stats', { project })).scopes,
    },
    call: (operation, input = {}) => session.call({ name: operation, repeat: 'never' }, input),
    close: () => session.close(),
  };
}

/** The program of the last service of this home; null when none has run. */
function recordedProgram(home: Home): Program | null {
  try {
    const { program } = JSON.parse(readFileSync(home.instance, 'utf8')) as { program?: string[] };
    return program ?? null;
  } catch {
    return null;
  }
}

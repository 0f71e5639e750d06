import { SupervisorError } from '@supervisor/core';
import type { PortManager } from '@supervisor/ports';

/**
 * Holds the service's port in the ledger. Replicas share it, each with a port of its own: there the home's id tells them apart.
 * @returns which other service has the port, or undefined
 */
export async function holdPort(ports: PortManager, port: number, instance: string): Promise<string | undefined> {
  try {
    const [before] = (await ports.listAllocations({ project: 'meta', limit: 500 })).allocations.filter(
      (row) => row.service === 'supervisor' && row.instance === instance,
    );
    if (before && before.port !== port) await ports.releasePort('meta', 'supervisor', { instance });
    await ports.allocateSpecificPort('meta', 'supervisor', port, { instance, description: 'Supervisor itself' });
    return undefined;
  } catch (error) {
    if (!(error instanceof SupervisorError) || error.code !== 'conflict') throw error;
    // Another home's Supervisor of the same database, on its own machine: it keeps its row. On this one, whoever listens is named.
    return /^meta\/supervisor( \(|$)/.test(String(error.details['holder'])) ? undefined : error.message;
  }
}

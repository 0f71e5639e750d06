import type { FoundZone } from '../accounts.js';
import type { TunnelRow, TunnelStatus } from '../tunnels/tunnels.js';
import type { Exposure } from './exposure.js';
import type { ExposureRow } from './exposures.js';
import { serviceOf, targetOf } from './wanted.js';

/**
 * An exposure as whoever asked for it is shown it, with what is left to do and to know.
 * @param usual whether it is in the account that commands take when they name none
 */
export function shownExposure(
  row: ExposureRow,
  tunnel: TunnelRow,
  { account, zone }: FoundZone,
  { status, connected }: Pick<TunnelStatus, 'status' | 'connected'>,
  usual: boolean,
): Exposure {
  return {
    url: `https://${row.hostname}`,
    hostname: row.hostname,
    project: row.project,
    service: row.service,
    port: row.port,
    access: row.access,
    state: row.state,
    complete: connected,
    route: { tunnel: tunnel.name, service: serviceOf(row) },
    record: { name: row.hostname, type: 'CNAME', content: targetOf(tunnel) },
    connector: status ?? 'gone',
    run: connected ? null : `supervisor tunnel run${usual ? '' : ` --account ${account.name}`}`,
    warnings: warningsOf(row, zone),
  };
}

function warningsOf({ hostname, access }: ExposureRow, zone: FoundZone['zone']): string[] {
  const warnings = access === 'public' ? [`Anybody can open https://${hostname}: the service itself has to check who asks.`] : [];
  if (hostname.slice(0, -zone.name.length - 1).includes('.'))
    warnings.push(
      `Cloudflare's usual certificate holds for ${zone.name} and one label before it. Without one for ${hostname}, made at Cloudflare, browsers refuse it.`,
    );
  if (zone.status && zone.status !== 'active')
    warnings.push(`Zone ${zone.name} is ${zone.status}: its names are not answered by Cloudflare yet.`);
  return warnings;
}

import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { asc, eq, sql } from 'drizzle-orm';
import { exposureDefaults } from './schema.js';

/** Whether answers may contain a value (`reveal`), or it is only put where it is needed (`use`). */
export type Exposure = 'reveal' | 'use';

/** @throws SupervisorError `invalid_input` */
export function checkExposure(exposure: Exposure): void {
  if (exposure !== 'reveal' && exposure !== 'use')
    throw new SupervisorError('invalid_input', 'exposure must be reveal or use.', { fields: ['exposure'] });
}

/** How a new secret at a path is exposed: as the longest prefix says that has a default; else it may be revealed. */
export async function defaultExposure(orm: Orm, path: string): Promise<Exposure> {
  const [row] = await rows<{ exposure: Exposure }>(
    orm,
    sql`select exposure from supervisor.exposure_defaults where starts_with(${path}, prefix) order by length(prefix) desc limit 1`,
  );
  return row?.exposure ?? 'reveal';
}

/** @throws SupervisorError `forbidden` when a caller asks for more than it may have; only an owner loosens */
export function chooseExposure(path: string, allowed: Exposure, wanted: Exposure | undefined): Exposure {
  if (wanted !== undefined) checkExposure(wanted);
  if (wanted === 'reveal' && allowed === 'use')
    throw new SupervisorError('forbidden', `${path} is for use only. Its owner loosens that with supervisor secrets expose.`);
  return wanted ?? allowed;
}

export function listDefaults(orm: Orm): Promise<{ prefix: string; exposure: Exposure }[]> {
  return orm.select().from(exposureDefaults).orderBy(asc(exposureDefaults.prefix));
}

/** @param exposure null: what a shorter prefix says counts again */
export async function setDefault(orm: Orm, prefix: string, exposure: Exposure | null): Promise<void> {
  if (exposure === null) await orm.delete(exposureDefaults).where(eq(exposureDefaults.prefix, prefix));
  else {
    checkExposure(exposure);
    await orm
      .insert(exposureDefaults)
      .values({ prefix, exposure })
      .onConflictDoUpdate({ target: exposureDefaults.prefix, set: { exposure } });
  }
}

export function useOnly(path: string): SupervisorError {
  return new SupervisorError(
    'forbidden',
    `${path} is for use only: no answer contains it. Start what needs it with supervisor run, which puts it into its environment.`,
    { exposure: 'use' },
  );
}

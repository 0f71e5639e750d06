import { playFirstHour } from './first-hour/play.mjs';

/** From three projects that know nothing of Supervisor to servers that keep their ports through a crash and a restart. */
export const firstHour = {
  name: 'first-hour',
  goal: 'every step shows what it should; each server answers on its own port, before and after the service was killed',
  sizes: { projects: 3 },
  async run(stage) {
    const { scenes, problems } = await playFirstHour(stage);
    return { holds: problems.length === 0, figure: `${scenes.length} commands, ${problems.length} deviations`, problems };
  },
};

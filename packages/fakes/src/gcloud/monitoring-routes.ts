import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { failure } from './shapes.js';
import type { FakeWorld } from './world.js';

/** What an instance's figures are: a rate of bytes or a share; undefined where it has none. */
export type FigureOf = (instanceName: string, metricType: string, at: Date) => number | undefined;

const figures: Record<string, number> = {
  'compute.googleapis.com/instance/cpu/utilization': 0.21,
  'compute.googleapis.com/instance/network/received_bytes_count': 1200.5,
  'compute.googleapis.com/instance/network/sent_bytes_count': 800.25,
  'compute.googleapis.com/instance/disk/read_bytes_count': 64,
  'compute.googleapis.com/instance/disk/write_bytes_count': 4096,
};

/** Figures of instances without an agent: there is none for memory. */
export const usualFigures: FigureOf = (_name, metricType) => figures[metricType];

export function monitoringRoutes(world: FakeWorld, figureOf: () => FigureOf): FakeRoutes {
  return {
    'GET /v3/projects/{project}/timeSeries': ({ params, query }: FakeRequest): FakeAnswer => {
      const bad = (message: string): FakeAnswer => ({ status: 400, body: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } } });
      if (params['project'] !== world.project) return { status: 404, body: failure(404, 'Project not found') };
      const filter = query.get('filter') ?? '';
      const type = /metric\.type = "([^"]+)"/.exec(filter)?.[1];
      const from = Date.parse(query.get('interval.startTime') ?? '');
      const to = Date.parse(query.get('interval.endTime') ?? '');
      const period = Number(/^(\d+)s$/.exec(query.get('aggregation.alignmentPeriod') ?? '')?.[1]);
      if (!type || !filter.includes('resource.type = "gce_instance"')) return bad('The filter must name one metric type.');
      if (!(from < to) || !(period >= 60)) return bad('The interval or the alignment period is not valid.');
      const series = [...world.instances.values()].flatMap((instance) => {
        const points = [];
        const started = Date.parse(instance.lastStartTimestamp ?? '');
        const stopped = instance.status === 'RUNNING' ? Infinity : Date.parse(instance.lastStopTimestamp ?? '');
        for (let end = Math.floor(to / (period * 1000)) * period * 1000; end > from; end -= period * 1000) {
          const value = end > started && end <= stopped ? figureOf()(instance.name, type, new Date(end)) : undefined;
          if (value === undefined) continue;
          const interval = { startTime: new Date(end - period * 1000).toISOString(), endTime: new Date(end).toISOString() };
          points.push({ interval, value: { doubleValue: value } });
        }
        if (points.length === 0) return [];
        const labels = { project_id: world.project, instance_id: instance.id };
        return [{ metric: { type }, resource: { type: 'gce_instance', labels }, metricKind: 'GAUGE', valueType: 'DOUBLE', points }];
      });
      const size = Number(query.get('pageSize') ?? 1000);
      const first = Number(query.get('pageToken') || 0);
      const next = first + size < series.length ? { nextPageToken: String(first + size) } : {};
      return { status: 200, body: { timeSeries: series.slice(first, first + size), ...next, unit: '1' } };
    },
  };
}

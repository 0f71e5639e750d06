import { SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import type { GoogleClient } from './client.js';
import { sampleMinutes, type Metric } from './metrics.js';

const listAnswer = z.object({
  timeSeries: z
    .array(
      z.object({
        resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
        points: z
          .array(
            z.object({
              interval: z.object({ endTime: z.iso.datetime({ offset: true }) }),
              value: z.object({ doubleValue: z.number().optional(), int64Value: z.string().optional() }),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

export interface Sample {
  instanceId: string;
  metric: string;
  /** ISO 8601 in UTC. */
  at: string;
  value: number;
}

const mostPages = 50;

/** The part of the Cloud Monitoring API that reads the figures of VMs. */
export class Monitoring {
  constructor(
    readonly client: GoogleClient,
    readonly gcpProject: string,
  ) {}

  /** The figures of all VMs of the project between two instants, one request a page. */
  async read(metric: Metric, from: Date, to: Date): Promise<Sample[]> {
    const samples: Sample[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const answer = await this.client.request({
        method: 'GET',
        path: `/v3/projects/${encodeURIComponent(this.gcpProject)}/timeSeries`,
        query: {
          filter: [`metric.type = "${metric.type}"`, 'resource.type = "gce_instance"', ...(metric.filter ? [metric.filter] : [])].join(
            ' AND ',
          ),
          'interval.startTime': from.toISOString(),
          'interval.endTime': to.toISOString(),
          'aggregation.alignmentPeriod': `${sampleMinutes * 60}s`,
          'aggregation.perSeriesAligner': metric.aligner,
          // A VM with many disks has a series for each: one figure for the VM.
          'aggregation.crossSeriesReducer': metric.aligner === 'ALIGN_RATE' ? 'REDUCE_SUM' : 'REDUCE_MEAN',
          'aggregation.groupByFields': 'resource.labels.instance_id',
          pageSize: 1000,
          pageToken,
        },
        answer: listAnswer,
      });
      for (const { resource, points } of answer.timeSeries) {
        const instanceId = resource.labels['instance_id'];
        if (instanceId === undefined) continue;
        for (const { interval, value } of points) {
          const number = value.doubleValue ?? (value.int64Value === undefined ? undefined : Number(value.int64Value));
          // No value is no figure: it is left out, never taken for 0.
          if (number === undefined || !Number.isFinite(number)) continue;
          samples.push({
            instanceId,
            metric: metric.name,
            at: new Date(interval.endTime).toISOString(),
            value: number / (metric.divisor ?? 1),
          });
        }
      }
      pageToken = answer.nextPageToken;
      if (!pageToken) return samples;
    }
    throw new SupervisorError('too_large', `Google has more than ${mostPages} pages of figures for ${sampleMinutes} minutes.`);
  }
}

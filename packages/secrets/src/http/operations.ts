import { operation, sensitive } from '@supervisor/core';
import { z } from 'zod';
import { checkPath, projectOf } from '../path.js';
import { pathsOf, type HttpRequester } from './requester.js';
import { parseTarget } from './target.js';

export interface RequestDeps {
  requests: HttpRequester;
}

const longestHeaders = 16 * 1024;
const headers = z
  .record(z.string(), z.string())
  .refine((all) => JSON.stringify(all).length <= longestHeaders, `must be at most ${longestHeaders / 1024} KiB`);
const input = z.object({
  url: sensitive(z.string().max(4096)),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  headers: sensitive(headers.optional()),
  body: sensitive(
    z
      .string()
      .max(256 * 1024)
      .optional(),
  ),
});

function checkedPaths(request: z.output<typeof input>): string[] {
  const paths = pathsOf(request);
  for (const path of paths) checkPath(path);
  return paths;
}

export const requestOperations = [
  operation({
    name: 'http_request',
    route: 'POST /http-requests',
    summary: 'Send an HTTPS request with {{secret:path}} in its query, headers or body',
    description: 'For secrets you need not see: each goes only to hosts its owner allowed, and is hidden in the answer.',
    access: 'use',
    command: false,
    toolset: 'default',
    repeat: 'never',
    openWorld: true,
    input,
    output: z.object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      encoding: z.enum(['utf8', 'base64']),
      truncated: z.boolean(),
    }),
    subject: (request) => `${request.method} ${parseTarget(request.url).host} ${checkedPaths(request).join(' ')}`.slice(0, 500),
    projects: (request) => checkedPaths(request).map(projectOf),
    paths: checkedPaths,
    released: (request) => checkedPaths(request).map((path) => ({ path })),
    handle: ({ requests }: RequestDeps, request, { signal }) => requests.request(request, signal),
  }),
];

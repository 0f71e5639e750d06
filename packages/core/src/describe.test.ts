import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { coerce } from './coerce.js';
import { describe as describeModules } from './describe.js';
import { projectField, sensitive } from './fields.js';
import { homeAt } from './home.js';
import { nearest } from './nearest.js';
import { operation, type Module } from './operation.js';
import { listTools, parseToolsets, resolveTool } from './tools.js';

const handle = async () => ({});
const base = { summary: 'Do', output: z.object({}), handle };
const module: Module = {
  name: 'ports',
  migrations: new URL('file:///none/'),
  operations: [
    operation({
      ...base,
      name: 'store_port',
      route: 'PUT /ports/{service}',
      access: 'write',
      toolset: 'default',
      input: z.object({ service: z.string(), key: sensitive(z.string()), project: projectField(), count: z.int().optional() }),
    }),
    operation({ ...base, name: 'list_port_ranges', access: 'read', toolset: 'admin', input: z.object({}) }),
    operation({ ...base, name: 'drop_ports', access: 'owner', toolset: 'default', input: z.object({}) }),
  ],
};
const operations = describeModules([module]);

test('an operation becomes data that any surface can use', () => {
  const found = operations.find(({ name }) => name === 'store_port')!;
  expect(found).toMatchObject({ command: 'ports store', sensitive: ['key'], route: { method: 'PUT', path: '/ports/{service}' } });
  expect(found.input).toMatchObject({ type: 'object', required: ['service', 'key'], additionalProperties: false });
  expect(found.input.properties['count']).toEqual({ type: 'integer' });
  expect(JSON.stringify(found)).not.toContain('"fallback"');
  expect(operations.map(({ command }) => command)).toEqual(['ports drop', 'ports list-ranges', 'ports store']);
});

test('read-only wins over every toolset, and an owner’s operation is never a tool', () => {
  const names = (selection = {}) => listTools(operations, selection).map(({ name }) => name);
  expect(names()).toEqual(['store_port']);
  expect(names({ toolsets: parseToolsets('all') })).toEqual(['list_port_ranges', 'store_port']);
  expect(names({ toolsets: parseToolsets('all'), readOnly: true })).toEqual(['list_port_ranges']);
  expect(() => parseToolsets('defualt')).toThrow(/there are default, admin, cloud and all/);
});

test('a host’s full name is resolved, a slip answered with the nearest', () => {
  expect(resolveTool('mcp__meta__store_port', operations, {})).toMatchObject({ operation: { name: 'store_port' } });
  expect(resolveTool('stor_port', operations, {})).toMatchObject({ failure: { details: { near: ['store_port'] } } });
  expect(resolveTool('list_port_ranges', operations, {})).toMatchObject({ failure: { details: { near: [] } } });
});

test('text becomes what the schema asks for, or stays text', () => {
  expect(coerce({ type: 'integer' }, '12')).toBe(12);
  expect(coerce({ type: 'integer' }, '12x')).toBe('12x');
  expect(coerce({ type: 'boolean' }, 'false')).toBe(false);
  expect(coerce({ type: 'array', items: { type: 'integer' } }, '1,2')).toEqual([1, 2]);
  expect(coerce(undefined, 'x')).toBe('x');
});

test('nearest finds slips and nothing far', () => {
  expect(nearest('shopp', ['shop', 'api', 'shops'])).toEqual(['shop', 'shops']);
  expect(nearest('wbe', ['web', 'db'])).toEqual(['web']);
  expect(nearest('warehouse', ['shop'])).toEqual([]);
});

test('a home with a long path has its socket in a short place', () => {
  expect(homeAt('/tmp/h').socket).toBe('/tmp/h/supervisor.sock');
  const { socket } = homeAt(`/tmp/${'long/'.repeat(30)}`);
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100);
});

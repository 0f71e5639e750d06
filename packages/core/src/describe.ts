import { z } from 'zod';
import type { FieldSchema, ObjectSchema, OperationDescription } from './description.js';
import type { AnyOperation, Module } from './operation.js';

/** Turns the operations of modules into data, sorted by name. */
export function describe(modules: readonly Module[]): OperationDescription[] {
  return modules
    .flatMap((module) => module.operations.map((definition) => describeOperation(module, definition)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function describeOperation(module: Module, definition: AnyOperation): OperationDescription {
  const { name, summary, description, access, toolset, repeat, openWorld } = definition;
  const [method, path] = definition.route?.split(' ') ?? [];
  const shape: Record<string, z.ZodType> = definition.input.shape;
  return {
    name,
    module: module.name,
    command: definition.command === false ? '' : (definition.command ?? command(module.group ?? module.name, name)),
    summary,
    ...(description === undefined ? {} : { description }),
    access,
    ...(toolset === undefined ? {} : { toolset }),
    ...(repeat === undefined ? {} : { repeat }),
    ...(openWorld === undefined ? {} : { openWorld }),
    ...(method && path ? { route: { method, path } } : {}),
    sensitive: Object.keys(shape).filter((field) => shape[field]!.meta()?.['sensitive'] === true),
    input: objectSchema(definition.input, 'input'),
    output: objectSchema(definition.output, 'output'),
  };
}

/** `allocate_port` in group `ports` is `ports allocate`; `list_port_ranges` is `ports list-ranges`; `get_status` is `status`. */
function command(group: string, name: string): string {
  const noun = group.replace(/s$/, '');
  const [verb = name, ...rest] = name.split('_');
  const words = [verb, ...rest.filter((word) => word !== noun && word !== `${noun}s`)];
  return group === '' ? (verb === 'get' ? rest.join('-') : [...rest, verb].join(' ')) : `${group} ${words.join('-')}`;
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as unknown as ObjectSchema & { $schema?: string };
  delete json.$schema;
  const properties: Record<string, FieldSchema> = {};
  const filled = new Set<string>();
  for (const [field, value] of Object.entries(json.properties)) {
    const { project, fallback: _fallback, instance: _instance, sensitive: _sensitive, ...rest } = value;
    if (project === 'own') filled.add(field);
    properties[field] = withoutNoise(rest);
  }
  const required = (json.required ?? []).filter((field) => io === 'output' || !filled.has(field));
  // Output objects may grow a field in a later version; input objects refuse what they do not know.
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(io === 'input' ? { additionalProperties: false } : {}),
  };
}

// An integer's ±2^53 bounds and a date's long pattern say nothing to a reader and cost tokens in every tool list.
function withoutNoise(schema: FieldSchema): FieldSchema {
  const clean: FieldSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'pattern' && schema['format'] === 'date-time') continue;
    if (keyword === 'minimum' && value === Number.MIN_SAFE_INTEGER) continue;
    if (keyword === 'maximum' && value === Number.MAX_SAFE_INTEGER) continue;
    if (keyword === 'additionalProperties' && value === false) continue;
    if (keyword === 'prose') continue;
    clean[keyword] = nested(keyword, value);
  }
  return clean;
}

function nested(keyword: string, value: unknown): unknown {
  if (keyword === 'items') return withoutNoise(value as FieldSchema);
  if (keyword === 'anyOf') return (value as FieldSchema[]).map(withoutNoise);
  if (keyword === 'properties') {
    return Object.fromEntries(Object.entries(value as Record<string, FieldSchema>).map(([name, field]) => [name, withoutNoise(field)]));
  }
  return value;
}

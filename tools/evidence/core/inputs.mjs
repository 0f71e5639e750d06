// Inputs of an operation out of its JSON schema: right ones, nearly right ones and hostile ones.
import fc from 'fast-check';
import { badCursors, encoded, hostile } from './hostile.mjs';

/** Stands in every sensitive field: no answer but the one that releases a secret may contain it. */
export const canary = 'canary-5f3a';

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
const number = (prefix, count) => fc.nat(count - 1).map((n) => `${prefix}${n}`);

// Few names, so that calls meet each other's projects, secrets and tasks.
const usual = {
  project: fc.oneof({ weight: 6, arbitrary: fc.constantFrom('fuzz-a', 'fuzz-b', 'shared', 'constructor') }, number('fuzz-r', 600)),
  path: number('fuzz-a/fake/key-', 12),
  prefix: fc.constantFrom('fuzz-a', 'fuzz-a/fake/', 'fuzz-a/%', ''),
  service: fc.oneof(number('service-', 30), fc.constantFrom('constructor', 'toString')),
  // The second is a token's.
  id: fc.oneof(number('task-', 30), fc.constantFrom('0123456789ab')),
  type: fc.constantFrom('bug_fix', 'epic_creation', 'constructor', 'A'),
  instance: fc.constantFrom('tree-1', 'tree-2'),
  account: fc.constantFrom('cloud-a', 'cloud-b'),
  gcpProject: fc.constantFrom('fake-project-123'),
  computeUrl: fc.constantFrom('http://127.0.0.1:9', 'http://compute.example.com', 'constructor'),
  monitoringUrl: fc.constantFrom('http://127.0.0.1:9'),
  zone: fc.constantFrom('us-central1-a', 'europe-west4-a'),
  zones: fc.constantFrom('us-central1-a', 'europe-west4-a'),
  machineType: fc.constantFrom('e2-small', 'e2-medium', 'c3-standard-4'),
  image: fc.constantFrom('projects/debian-cloud/global/images/family/debian-12'),
  search: fc.constantFrom('task', '%', '_', '\\', "'"),
  // Of a DNS record, and of a VM.
  name: fc.oneof(
    number('n', 30).map((label) => `${label}.fuzz.example`),
    number('build-', 12),
  ),
  hostname: number('n', 30).map((label) => `${label}.fuzz.example`),
  cursor: fc.constantFrom('3001', 'fuzz-a/fake/key-3', encoded('2026-01-01T00:00:00Z', 'fuzz-a', 'task-1')),
};

function good(schema, name) {
  if (schema.sensitive && schema.type === 'string') return fc.nat(1e6).map((n) => `${canary}-${n}`);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') return goodNumber(schema);
  if (schema.type === 'array') {
    const least = schema.minItems ?? 0;
    return fc.array(good(schema.items, name), { minLength: least, maxLength: Math.max(least, Math.min(schema.maxItems ?? 4, 4)) });
  }
  if (schema.type === 'object' && !schema.properties)
    return fc.dictionary(word, good({ ...schema.additionalProperties, sensitive: schema.sensitive }), { maxKeys: 4 });
  if (schema.type === 'object') return record(schema);
  return usual[name] ?? word;
}

function goodNumber({ minimum = -1e9, maximum = 1e9, exclusiveMinimum }) {
  const lowest = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  const inside = fc.integer({ min: Math.ceil(Math.max(lowest, -1e9)), max: Math.floor(Math.min(maximum, 2e9)) });
  // 6000 is a port that browsers refuse, 65500 one whose block of 100 would pass the last port.
  const ends = [lowest, maximum, 6000, 65_500].filter((n) => n >= lowest && n <= maximum);
  return fc.oneof(inside, fc.constantFrom(...ends));
}

// A sensitive field stays recognisable however wrong it is.
function bad(schema, name) {
  if (schema.sensitive) {
    const secret = `${canary}-bad`;
    return fc.constantFrom([secret], { secret }, `${secret}\ud800`, secret.repeat(8000), [[secret]], [{ path: 'no', value: secret }]);
  }
  return name === 'cursor' ? fc.oneof(fc.constantFrom(...badCursors), hostile) : hostile;
}

/** Inputs that chance hits too seldom, sent before all others. */
export const handPicked = [
  ['create_port_range', { project: 'picked-a', first: 6000, last: 6000 }],
  ['create_port_range', { project: 'picked-b', first: 65_500 }],
  ['get_port_utilization', {}],
];

function record({ properties, required = [] }) {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, good(schema, name)]));
  return fc.record(fields, { requiredKeys: Object.keys(fields).filter((name) => required.includes(name)) });
}

/** Inputs for an operation: about half right, a third with one wrong field, the rest with strange fields or no object at all. */
export function inputs({ input, sensitive }) {
  const marked = Object.entries(input.properties).map(([name, schema]) => [
    name,
    sensitive.includes(name) ? { ...schema, sensitive: true } : schema,
  ]);
  const properties = Object.fromEntries(marked);
  const right = record({ ...input, properties });
  const names = Object.keys(properties);
  const strange = fc
    .tuple(right, fc.constantFrom('__proto__', 'constructor', 'extra', 'toString', 'a'.repeat(5000), '\0', ...names), hostile)
    .map(([base, name, value]) => Object.fromEntries([...Object.entries(base), [name, value]]));
  const oneWrong =
    names.length === 0
      ? strange
      : fc
          .constantFrom(...names)
          .chain((name) => fc.tuple(right, bad(properties[name], name)).map(([base, value]) => ({ ...base, [name]: value })));
  return fc.oneof(
    { weight: 10, arbitrary: right },
    { weight: 8, arbitrary: oneWrong },
    { weight: 2, arbitrary: strange },
    { weight: 1, arbitrary: hostile },
  );
}

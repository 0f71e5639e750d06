/** What was refused and what was answered, as it must be; and what was not. */
export class Tally {
  refused = 0;
  allowed = 0;
  problems = [];

  expect(holds, kind, what) {
    if (!holds) this.problems.push(what);
    else this[kind]++;
  }
}

/** How a call ended: `ok` or the code of its error. */
export const codeOf = (promise) => promise.then(toCode, (error) => error.code ?? error.message);
export const toCode = (result) => (result?.isError ? JSON.parse(result.content[0].text).error.code : 'ok');

const values = {
  service: 'web',
  port: 3555,
  id: 'task-1',
  type: 'bug_fix',
  description: 'seen',
  error: 'fake',
  value: 'fake',
  name: 'fake',
  hostname: 'fake.example.com',
  content: '192.0.2.1',
  gcpProject: 'fake-project-123',
  zone: 'us-central1-a',
  machineType: 'e2-small',
  labels: [],
};

/** The least input that an operation takes, about a project. */
export function leastInput(operations, name, project) {
  const { input } = operations.find((operation) => operation.name === name);
  const path = `${project}/fake/key`;
  const known = { path, secrets: [{ path, value: 'fake' }], ...(name.endsWith('_token') ? { id: '0123456789ab' } : {}) };
  const least = leastOf(input, known);
  return 'project' in input.properties && project !== undefined ? { ...least, project } : least;
}

// What nobody named here follows from its schema, so that an operation of tomorrow is asked for something whole, too.
function leastOf({ properties, required = [] }, known = {}) {
  return Object.fromEntries(
    required.map((field) => [field, known[field] ?? usual(field, properties[field]) ?? leastValue(properties[field])]),
  );
}

function usual(field, { examples, enum: choices }) {
  return examples || (choices && !choices.includes(values[field])) ? undefined : values[field];
}

function leastValue(schema) {
  if (schema.examples) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return schema.properties ? leastOf(schema) : {};
  if (schema.type === 'array') return Array.from({ length: schema.minItems ?? 0 }, () => leastValue(schema.items));
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  return schema.type === 'boolean' ? false : 'fake';
}

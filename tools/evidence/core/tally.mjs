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
  type: 'A',
  description: 'seen',
  error: 'fake',
  value: 'fake',
  name: 'fake.example.com',
  hostname: 'fake.example.com',
  content: '192.0.2.1',
  access: 'public',
  text: 'seen',
  root: '/srv/fake',
  language: 'english',
  documents: [],
  sources: [],
  version: 1,
  olderThanDays: 30,
  gcpProject: 'fake-project-123',
  zone: 'us-central1-a',
  machineType: 'e2-small',
  labels: [],
};

/** The least input that an operation takes, about a project. */
export function leastInput(operations, name, project) {
  const { module, input: schema } = operations.find((operation) => operation.name === name);
  const { properties, required = [] } = schema;
  const path = `${project}/fake/key`;
  const known = { ...values, path, secrets: [{ path, value: 'fake' }], ...(name.endsWith('_token') ? { id: '0123456789ab' } : {}) };
  if (module === 'gcloud') known.name = 'fake';
  const input = Object.fromEntries(required.map((field) => [field, known[field]]));
  return 'project' in properties && project !== undefined ? { ...input, project } : input;
}

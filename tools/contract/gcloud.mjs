// Every request that we send and every answer that the fake gives, held against Google's discovery documents and the types of its SDK.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hasSpecs, readSpec } from './specs.mjs';

const files = [
  'compute-v1-discovery-2023-06-29.subset.json',
  'monitoring-v3-discovery-2022-09.subset.json',
  'googleapis-compute-42.0.0.types.schema.json',
];
// It is a dependency of the tests alone.
const { default: Ajv } = createRequire(new URL('../../tests/package.json', import.meta.url))('ajv');

export const hasGoogleSpecs = () => hasSpecs(...files);

/** Reads the descriptions. @returns what checks an exchange of the fake's log: a list of what is wrong, and counts what it checked */
export function googleContract() {
  const [compute, monitoring, sdk] = files.map(readSpec);
  const waivers = JSON.parse(readFileSync(new URL('gcloud-waivers.json', import.meta.url), 'utf8'));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ ...sdk, $id: 'sdk', $ref: undefined });
  for (const [id, { schemas }] of Object.entries({ compute, monitoring }))
    ajv.addSchema({ $id: id, definitions: mapValues(schemas, (schema) => jsonSchema(schema, id)) });
  const methods = [...methodsOf(compute, 'compute', '/compute/v1/'), ...methodsOf(monitoring, 'monitoring', '/')];
  const compiled = new Map();
  const counts = { requests: 0, answers: 0, sdk: 0, identity: 0, errors: 0 };

  function validate(reference, value) {
    if (!compiled.has(reference)) compiled.set(reference, ajv.compile({ $ref: reference }));
    const check = compiled.get(reference);
    return check(value)
      ? []
      : check.errors.slice(0, 4).map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
  }

  /** Against the types of the SDK where they have it, else against the document. */
  function bodyProblems(document, type, value, what) {
    const name = `compute_v1.Schema$${type}`;
    if (document === 'compute' && sdk.definitions[name]) {
      counts.sdk++;
      return validate(`sdk#/definitions/${encodeURIComponent(name)}`, value).map((problem) => `${what} as SDK ${type}: ${problem}`);
    }
    return validate(`${document}#/definitions/${type}`, value).map((problem) => `${what} as ${type}: ${problem}`);
  }

  function check({ request, answer, fault }) {
    const { method, path, query, body } = request;
    const what = `${method} ${path}`;
    if (path === '/token' || path.startsWith('/computeMetadata/')) {
      counts.identity++;
      return [];
    }
    const found = methods.find((candidate) => candidate.method === method && candidate.pattern.test(path));
    if (!found) return [`${what} is not in the document`];
    counts.requests++;
    const problems = queryProblems(found, query);
    if (found.request && body === undefined) problems.push('the body is missing');
    else if (!found.request && body !== undefined) problems.push('a body is not in the document');
    else if (found.request) problems.push(...bodyProblems(found.document, found.request, body, 'request'));
    // What a scripted fault answers is no answer of Google's.
    if (answer && !fault) problems.push(...answerProblems(found, answer));
    return problems.map((problem) => `${what}: ${problem}`);
  }

  function answerProblems({ document, response }, { status, body }) {
    if (status === 200) {
      counts.answers++;
      return bodyProblems(document, response, body, 'answer');
    }
    counts.errors++;
    const { error } = body ?? {};
    return error?.code === status && typeof error.message === 'string' ? [] : [`an error ${status} is not as Google writes it`];
  }

  return { check, counts, waivers };
}

function* methodsOf(document, id, prefix, from = document) {
  for (const { methods = {}, resources } of Object.values(from.resources ?? {})) {
    for (const { httpMethod, flatPath, path, parameters = {}, request, response } of Object.values(methods)) {
      const words = `${prefix}${flatPath ?? path}`.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+');
      yield {
        document: id,
        method: httpMethod,
        pattern: new RegExp(`^${words}$`),
        parameters: { ...document.parameters, ...parameters },
        request: request?.$ref,
        response: response?.$ref,
      };
    }
    yield* methodsOf(document, id, prefix, { resources });
  }
}

function queryProblems({ parameters }, query) {
  const known = Object.entries(parameters).filter(([, { location }]) => location === 'query');
  const missing = known.filter(([name, { required }]) => required && !query.has(name)).map(([name]) => `the query lacks ${name}`);
  const wrong = [...new Set(query.keys())].flatMap((name) => {
    const [, parameter] = known.find(([candidate]) => candidate === name) ?? [];
    if (!parameter) return [`the query has ${name}, which is not in the document`];
    return fits(parameter, query.get(name)) ? [] : [`the query's ${name} is not as the document says`];
  });
  return [...missing, ...wrong];
}

function fits({ type, pattern, minimum, maximum, enum: choices }, text) {
  if (type === 'boolean') return ['true', 'false'].includes(text);
  if (type === 'integer')
    return /^-?\d+$/.test(text) && Number(text) >= Number(minimum ?? -Infinity) && Number(text) <= Number(maximum ?? Infinity);
  return (pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text)) && (choices === undefined || choices.includes(text));
}

// A discovery document's own dialect: references by name, `any`, and `required` as a flag of a field.
function jsonSchema({ $ref, type, properties, items, additionalProperties, enum: choices }, id) {
  if ($ref) return { $ref: `${id}#/definitions/${$ref}` };
  if (type === 'object') {
    const fields = properties && mapValues(properties, (field) => jsonSchema(field, id));
    return {
      type,
      ...(fields ? { properties: fields } : {}),
      additionalProperties: additionalProperties ? jsonSchema(additionalProperties, id) : !properties,
    };
  }
  if (type === 'array') return { type, items: jsonSchema(items, id) };
  if (type === 'any' || type === undefined) return {};
  return { type, ...(choices ? { enum: choices } : {}) };
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

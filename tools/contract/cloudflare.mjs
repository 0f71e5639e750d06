// Every request that we send and every answer that the fake gives, held against Cloudflare's own description and the types of its SDK.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hasSpecs, readSpec } from './specs.mjs';

const files = ['cloudflare-openapi-2024-08-06.subset.json', 'cloudflare-sdk-7.3.0.types.schema.json', 'cloudflare-waivers.json'];
// It is a dependency of the tests alone.
const { default: Ajv } = createRequire(new URL('../../tests/package.json', import.meta.url))('ajv');

export const hasCloudflareSpecs = () => hasSpecs(...files);

/** Reads the descriptions. @returns what checks an exchange of the fake's log: a list of what is wrong, and counts what it checked */
export function cloudflareContract() {
  const [openapi, sdk, given] = files.map(readSpec);
  const own = JSON.parse(readFileSync(new URL('cloudflare-waivers.json', import.meta.url), 'utf8'));
  const schemas = openapi.components.schemas;
  for (const waiver of given) waive(schemas[waiver.at], waiver.do, waiver.name);
  for (const { at, do: what, field } of own.filter((waiver) => waiver.at)) {
    for (const [name, schema] of Object.entries(sdk.definitions)) waiveSdk(name, schema, at, what, field);
  }
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'openapi', components: { schemas: mapSchemas(schemas) } });
  ajv.addSchema({ ...sdk, $id: 'sdk', $ref: undefined });
  const compiled = new Map();
  const validate = (key, schema, value) => {
    if (!compiled.has(key)) compiled.set(key, ajv.compile(schema));
    const check = compiled.get(key);
    return check(value)
      ? []
      : check.errors.slice(0, 4).map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
  };
  const operations = Object.entries(openapi.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
        pattern: new RegExp(`^/client/v4${path.replace(/\{\w+\}/g, '[^/]+')}$`),
      })),
  );
  const counts = { requests: 0, answers: 0, sdk: 0 };

  function check({ request, answer, fault }) {
    const found = operations.find(({ method, pattern }) => method === request.method && pattern.test(request.path));
    const what = `${request.method} ${request.path}`;
    if (!found) return [`${what} is not in the document`];
    counts.requests++;
    const { operation, method, path } = found;
    const problems = [...queryProblems(operation, request), ...bodyProblems(found, request)];
    const sdkType = requestType(method, path, request.body);
    if (sdkType) {
      counts.sdk++;
      problems.push(...validate(`sdk ${sdkType}`, withoutPath(sdk, sdkType), request.body).map((problem) => `SDK ${sdkType}: ${problem}`));
    }
    // What a scripted fault answers is no answer of Cloudflare's.
    if (answer && !fault) problems.push(...answerProblems(found, answer));
    return problems.map((problem) => `${what}: ${problem}`);
  }

  function queryProblems({ parameters = [] }, { query }) {
    return [...new Set(query.keys())].flatMap((name) => {
      const parameter = parameters.find((candidate) => candidate.name === name && candidate.in === 'query');
      if (!parameter) return [`the query has ${name}, which is not in the document`];
      const schema = toJsonSchema(parameter.schema);
      return validate(`query ${name} ${JSON.stringify(schema)}`, schema, coerced(query.get(name), resolve(parameter.schema, schemas))).map(
        (problem) => `query ${name}: ${problem}`,
      );
    });
  }

  function bodyProblems({ operation, method, path }, { body }) {
    const { requestBody } = operation;
    if (!requestBody) return body === undefined ? [] : ['a body is not in the document'];
    if (body === undefined) return requestBody.required ? ['the body is missing'] : [];
    const schema = requestBody.content['application/json'].schema;
    return schema ? validate(`body ${method} ${path}`, forRequest(schema, schemas), body) : [];
  }

  function answerProblems({ operation, method, path }, { status, body }) {
    counts.answers++;
    const responses = Object.entries(operation.responses);
    const [key, response] =
      responses.find(([code]) => code === String(status) || (/4xx/i.test(code) && status >= 400 && status < 500)) ?? [];
    if (!response) return [`status ${status} is not in the document`];
    let { schema } = response.content['application/json'];
    if (/4xx/i.test(key)) schema = schema.allOf?.find(({ $ref = '' }) => $ref.endsWith('common-failure')) ?? schema;
    const problems = validate(`answer ${method} ${path} ${key}`, toJsonSchema(schema), body).map(
      (problem) => `answer ${status}: ${problem}`,
    );
    if (status !== 200) return problems;
    for (const item of [body.result].flat()) {
      const type = answerType(path, method, item);
      if (!type || !sdk.definitions[type]) continue;
      counts.sdk++;
      problems.push(
        ...validate(`sdk ${type}`, { $ref: `sdk#/definitions/${encodeURIComponent(type)}` }, item).map(
          (problem) => `SDK ${type}: ${problem}`,
        ),
      );
    }
    return problems;
  }

  return { check, counts, waivers: [...given.map(({ at, why }) => ({ name: at, why })), ...own] };
}

function requestType(method, path, body) {
  if (path === '/zones/{zone_id}/dns_records' && method === 'POST') return `RecordCreateParams.${body?.type}Record`;
  if (path.startsWith('/zones/{zone_id}/dns_records/') && method === 'PATCH') return `RecordEditParams.${body?.type}Record`;
  if (path.endsWith('/cfd_tunnel') && method === 'POST') return 'CloudflaredCreateParams';
  if (path.endsWith('/configurations') && method === 'PUT') return 'ConfigurationUpdateParams';
  return undefined;
}

function answerType(path, method, item) {
  if (path.includes('/dns_records') && method !== 'DELETE') return `RecordResponse.${item.type}Record`;
  if (path.endsWith('/configurations')) return 'ConfigurationGetResponse';
  return path === '/zones' || path === '/zones/{zone_id}' ? 'Zone' : undefined;
}

/** The SDK takes what is in the path as a parameter like the others. */
function withoutPath(sdk, name) {
  const schema = structuredClone(sdk.definitions[name] ?? { not: {} });
  schema.required = (schema.required ?? []).filter((field) => !['zone_id', 'account_id'].includes(field));
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', '"sdk#/definitions/'));
}

function mapSchemas(schemas) {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema)]));
}

/** OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, references lead to the document. */
function toJsonSchema(schema) {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, example: _example, ...rest } = schema;
  const converted = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === '$ref' ? `openapi${value}` : toJsonSchema(value)]),
  );
  if (!nullable) return converted;
  if (converted.enum) converted.enum = [...new Set([...converted.enum, null])];
  return converted.type ? { ...converted, type: [converted.type, 'null'] } : { anyOf: [converted, { type: 'null' }] };
}

/** A request does not carry what can only be read. */
function forRequest(schema, schemas) {
  const whole = resolve(schema, schemas);
  const readOnly = ['id', 'proxiable', 'created_on', 'modified_on'];
  return toJsonSchema({ ...whole, ...(whole.required ? { required: whole.required.filter((field) => !readOnly.includes(field)) } : {}) });
}

function resolve(schema, schemas) {
  return schema?.$ref ? resolve(schemas[schema.$ref.split('/').at(-1)], schemas) : schema;
}

function coerced(text, { type }) {
  if (type === 'number' || type === 'integer') return Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

function waive(schema, what, field) {
  if (what === 'nullable') schema.nullable = true;
  if (what === 'unrequire') schema.required = schema.required.filter((name) => name !== field);
}

function waiveSdk(name, schema, at, what, field) {
  const path = at.split('.');
  const property = what === 'nullable' ? path.pop() : undefined;
  const pattern = new RegExp(`^${path.join('\\.').replaceAll('*', '[^.]*')}$`);
  if (!pattern.test(name)) return;
  if (what === 'nullable' && schema.properties?.[property])
    schema.properties[property] = { anyOf: [schema.properties[property], { type: 'null' }] };
  if (what === 'unrequire') schema.required = (schema.required ?? []).filter((required) => required !== field);
  if (what === 'allow') schema.properties[field] = {};
}

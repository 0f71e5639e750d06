import { httpStatus, ownProject, type OperationDescription } from '@supervisor/core';

export const apiPrefix = '/api/v1';

const problem = {
  type: 'object',
  description: 'Problem details, RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do next' },
    code: { type: 'string', enum: Object.keys(httpStatus) },
    details: { type: 'object', additionalProperties: true },
  },
};

/** The OpenAPI 3.1 document of the operations that have a route. */
export function openApiDocument(operations: readonly OperationDescription[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  // Each shape has a name here: what is inline, a generated client calls InlineObject37.
  const schemas: Record<string, unknown> = { Problem: problem };
  for (const operation of operations) {
    if (!operation.route) continue;
    const path = `${apiPrefix}${operation.route.path}`;
    (paths[path] ??= {})[operation.route.method.toLowerCase()] = describeRoute(operation, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Supervisor',
      version,
      description:
        "Ports, secrets and task times of all your projects. One definition serves this API, the MCP tools and the command line. A secret's path is one part of a route: its slashes are written %2F.",
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas },
  };
}

/** The input fields that stand in a route's path. */
function pathFields(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field!);
}

/** Whether a method's other fields are in the query rather than the body. */
export function isQueried(method: string): boolean {
  return method === 'GET' || method === 'DELETE';
}

function describeRoute(operation: OperationDescription, schemas: Record<string, unknown>): Record<string, unknown> {
  const { route, input, output } = operation;
  const inPath = pathFields(route!.path);
  const others = Object.keys(input.properties).filter((field) => !inPath.includes(field));
  const required = (input.required ?? []).filter((field) => others.includes(field));
  const parameter = (place: string) => (field: string) => {
    const { description, ...schema } = input.properties[field]!;
    return {
      name: field,
      in: place,
      required: place === 'path' || required.includes(field),
      schema,
      // In a path there is no leaving it out.
      ...(description && !(place === 'path' && description === ownProject) ? { description } : {}),
    };
  };
  const queried = isQueried(route!.method);
  const body = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(others.map((field) => [field, input.properties[field]])),
    ...(required.length > 0 ? { required } : {}),
  };
  const named = (kind: string, schema: unknown) => {
    const name = `${operation.name.replace(/(?:^|_)([a-z])/g, (_, first: string) => first.toUpperCase())}${kind}`;
    schemas[name] = schema;
    return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
  };
  return {
    operationId: operation.name,
    tags: [operation.module],
    summary: operation.summary,
    ...(operation.description ? { description: operation.description } : {}),
    parameters: [...inPath.map(parameter('path')), ...(queried ? others.map(parameter('query')) : [])],
    ...(queried || others.length === 0 ? {} : { requestBody: { required: required.length > 0, content: named('Body', body) } }),
    responses: {
      200: { description: 'Done', content: named('Answer', output) },
      default: { description: 'Not done', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  };
}

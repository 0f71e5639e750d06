import type { FastifyInstance } from 'fastify';

/** Notes the methods of every route made from now on; answers which of them a path takes. */
export function noteMethods(app: FastifyInstance): (path: string) => string[] {
  const noted: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => void noted.push({ pattern: patternOf(url), methods: [method].flat() }));
  return (path) => [...new Set(noted.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))].toSorted();
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replaceAll('.', '\\.');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

/** A request as a route sees it. */
export interface FakeRequest {
  method: string;
  path: string;
  /** The values of the route's `{fields}`. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed, where it is JSON; else its text, or undefined without one. */
  body: unknown;
}

export interface FakeAnswer {
  status: number;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of a body. */
  text?: string;
  headers?: Record<string, string>;
}

export type FakeRoute = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

/** `METHOD /path/{field}` to what answers it. */
export type FakeRoutes = Record<string, FakeRoute>;

export interface Match {
  /** As the table has it. */
  name: string;
  route: FakeRoute;
  params: Record<string, string>;
}

/** Finds what answers a request; words of a path win over its fields. */
export function matcher(routes: FakeRoutes): (method: string, path: string) => Match | undefined {
  const table = Object.entries(routes).map(([name, route]) => {
    const [method, pattern] = name.split(' ') as [string, string];
    return { name, route, method, parts: pattern.split('/') };
  });
  table.sort((a, b) => fields(a.parts) - fields(b.parts));
  return (method, path) => {
    const words = path.split('/');
    for (const { name, route, method: wanted, parts } of table) {
      if (wanted !== method || parts.length !== words.length) continue;
      const params: Record<string, string> = {};
      const fits = parts.every((part, index) => {
        if (!part.startsWith('{')) return part === words[index];
        params[part.slice(1, -1)] = decodeURIComponent(words[index]!);
        return words[index] !== '';
      });
      if (fits) return { name, route, params };
    }
    return undefined;
  };
}

const fields = (parts: string[]) => parts.filter((part) => part.startsWith('{')).length;

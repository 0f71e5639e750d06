/** What the pipe itself must know of MCP: how it begins. */

export interface Message {
  jsonrpc?: string;
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
}

// Newest first. The 2026-07-28 revision has no initialize and is not spoken here.
const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

export const errorCode = { parse: -32700, invalidRequest: -32600, methodNotFound: -32601, internal: -32603 };

export const notRequest = { code: errorCode.invalidRequest, message: 'This is no JSON-RPC request.' };
export const notJson = { code: errorCode.parse, message: 'This line is not JSON, or longer than 64 MiB.' };

/** The messages of a line; undefined when it has none. */
export function parse(line: string): Message[] | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    const messages = Array.isArray(value) ? value : [value];
    return messages.every((message) => typeof message === 'object' && message !== null) ? (messages as Message[]) : undefined;
  } catch {
    return undefined;
  }
}

export function isRequest({ id, method, params }: Message): boolean {
  return (
    (id === undefined || id === null || answerable(id)) &&
    typeof method === 'string' &&
    (params === undefined || (typeof params === 'object' && params !== null && !Array.isArray(params)))
  );
}

export function answerable(id: unknown): id is string | number {
  return typeof id === 'string' || typeof id === 'number';
}

export function initializeResult(params: Record<string, unknown>, version: string, instructions: string): object {
  const wanted = params['protocolVersion'];
  return {
    protocolVersion: versions.find((version) => version === wanted) ?? versions[0],
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'supervisor', version },
    instructions,
  };
}

/** Whether a host opens pages for its person when a server asks: elicitation by URL. */
export function canShowPages(params: Record<string, unknown>): boolean {
  const { elicitation } = (params['capabilities'] ?? {}) as { elicitation?: { url?: unknown } };
  return typeof elicitation?.url === 'object' && elicitation.url !== null;
}

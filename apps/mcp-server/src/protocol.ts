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

import { resolveTool, SupervisorError, type Answerer, type Context, type ToolSelection } from '@supervisor/core';

/** The result of `tools/call`. Both forms carry the same data: hosts show the model the one or the other. */
export interface ToolResult {
  content: { type: 'text'; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  // What the SDK's own result type allows besides.
  [key: string]: unknown;
}

/** Calls an operation as a tool. A failure is a result too, with a code and the next step, so that the model sees it. */
export async function callTool(
  answerer: Answerer<Context>,
  selection: ToolSelection,
  name: unknown,
  input: unknown,
  context: Context,
): Promise<ToolResult> {
  try {
    const found = resolveTool(name, answerer.operations, selection);
    if ('failure' in found) throw found.failure;
    const output = await answerer.call(found.operation.name, input, context);
    return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent: output };
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    return { content: [{ type: 'text', text: JSON.stringify({ error: error.toJSON() }) }], isError: true };
  }
}

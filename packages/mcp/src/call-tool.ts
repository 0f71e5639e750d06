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
    if ('near' in found) throw unknownTool(name, found.near);
    const output = await answerer.call(found.operation.name, input, context);
    return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent: output };
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    return { content: [{ type: 'text', text: JSON.stringify({ error: error.toJSON() }) }], isError: true };
  }
}

function unknownTool(name: unknown, near: string[]): SupervisorError {
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ' tools/list shows what there is.';
  return new SupervisorError(
    'unknown_operation',
    `There is no tool named ${JSON.stringify(typeof name === 'string' ? name.slice(0, 64) : typeof name)} here.${hint}`,
    { near },
  );
}

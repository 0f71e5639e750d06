import type { FieldSchema, ObjectSchema, OperationDescription } from './description.js';
import { NotFound } from './nearest.js';
import { ownProject } from './slug.js';
import type { Toolset } from './operation.js';

/** Which tools an agent is shown. `readOnly` wins over every toolset. */
export interface ToolSelection {
  /** Absent: what the service offers by itself, at the least `default`. */
  toolsets?: readonly Toolset[] | undefined;
  readOnly?: boolean | undefined;
}

/** A tool as `tools/list` shows it. */
export interface Tool {
  name: string;
  title: string;
  description: string;
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean };
}

const toolsetNames: readonly Toolset[] = ['default', 'admin', 'cloud'];

/** Reads `default,admin` or `all`; an unknown name is an error that lists the known ones. Undefined: nothing was chosen. */
export function parseToolsets(text: string | undefined): Toolset[] | undefined {
  const words = (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length === 0) return undefined;
  if (words.includes('all')) return [...toolsetNames];
  const unknown = words.find((word) => !toolsetNames.includes(word as Toolset));
  if (unknown !== undefined) throw new Error(`Unknown toolset ${JSON.stringify(unknown)}; there are ${toolsetNames.join(', ')} and all.`);
  return words as Toolset[];
}

/** Whether an operation is one of the selected tools. */
function isSelected(operation: OperationDescription, selection: ToolSelection): boolean {
  if (operation.toolset === undefined || operation.access === 'owner') return false;
  if (selection.readOnly && operation.access !== 'read') return false;
  return (selection.toolsets ?? ['default']).includes(operation.toolset);
}

/** The selected operations as MCP tools, in the order of their names. */
export function listTools(operations: readonly OperationDescription[], selection: ToolSelection = {}): Tool[] {
  return operations.filter((operation) => isSelected(operation, selection)).map(toTool);
}

function toTool(operation: OperationDescription): Tool {
  const { name, summary, description, access } = operation;
  return {
    name,
    title: summary,
    description: description === undefined ? `${summary}.` : `${summary}. ${description}`,
    inputSchema: forModel(operation.input),
    outputSchema: operation.output,
    annotations: {
      readOnlyHint: access === 'read',
      destructiveHint: access === 'destroy',
      idempotentHint: operation.repeat !== 'never',
      openWorldHint: operation.openWorld === true || operation.toolset === 'cloud',
    },
  };
}

// What a model writes is checked in bind, with a message; patterns, bounds and examples would only cost tokens in every session.
const checkedLater = ['pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'propertyNames', 'examples'];

function forModel(schema: ObjectSchema): ObjectSchema {
  const properties = Object.entries(schema.properties).map(([name, field]) => [name, withoutBounds(field)]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(schema.required === undefined ? {} : { required: schema.required }),
  };
}

function withoutBounds(field: FieldSchema): FieldSchema {
  const shown = Object.entries(field).filter(([keyword]) => !checkedLater.includes(keyword));
  return Object.fromEntries(shown.map(([keyword, value]) => [keyword, keyword === 'items' ? withoutBounds(value as FieldSchema) : value]));
}

/**
 * The operation a tool call means: its bare name, or the full name under which a host registered it
 * (`mcp__meta__store_secret`). Otherwise the failure that says which names come near.
 */
export function resolveTool(
  name: unknown,
  operations: readonly OperationDescription[],
  selection: ToolSelection,
): { operation: OperationDescription } | { failure: NotFound } {
  const asked = typeof name === 'string' ? name : typeof name;
  // A host's names have at most 64 characters; a longer one is no tool's, and matching it could take for ever.
  const bare = asked.length > 128 ? '' : (/^mcp__.+?__(.+)$/.exec(asked)?.[1] ?? asked);
  const offered = operations.filter((operation) => isSelected(operation, selection));
  const operation = offered.find((candidate) => candidate.name === bare);
  if (operation) return { operation };
  const names = offered.map((candidate) => candidate.name);
  const fact = `There is no tool named ${JSON.stringify(asked.slice(0, 64))} here.`;
  return { failure: new NotFound(fact, bare, names, 'tools/list shows what there is.', 'unknown_operation') };
}

/** Whether a call with this input takes the project of the caller's folder. */
export function takesOwnProject({ input: { properties } }: OperationDescription, input: unknown): boolean {
  return properties['project']?.description === ownProject && (input as { project?: unknown } | undefined)?.project === undefined;
}

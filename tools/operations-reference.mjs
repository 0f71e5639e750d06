// Writes docs/operations.md from the operations.json of the build. Usage: npm run reference [-- --check]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commands } from '../apps/cli/dist/commands.js';
import { exampleLine } from '../apps/cli/dist/example.js';

const target = fileURLToPath(new URL('../docs/operations.md', import.meta.url));
const source = new URL('../packages/supervisor/dist/operations.json', import.meta.url);
const { operations } = JSON.parse(readFileSync(source, 'utf8'));

const examples = new Map(await Promise.all(operations.map(async (operation) => [operation.name, await exampleOf(operation)])));
const text = render();
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/operations.md is not that of this build. Run npm run reference.');
  process.exit(1);
}

function render() {
  const modules = [...new Set(operations.map(({ module }) => module))].toSorted();
  const parts = modules.map((module) => {
    const own = operations.filter((operation) => operation.module === module);
    return `## ${module}\n\n${own.map(describe).join('\n')}`;
  });
  return `# Operations

Written by \`npm run reference\` from the definitions; a test holds it against them. Each says how it is reached: by
a command, a route, an MCP tool. A \`project\` left out is the caller's own. Errors are problem details (RFC 9457) with a stable \`code\`.
A secret's path is one part of a route: its slashes are written \`%2F\` there.

${parts.join('\n')}`;
}

function describe(operation) {
  const { name, command, summary, description, access, toolset, repeat, route, sensitive, input, output } = operation;
  const facts = [
    command ? `\`supervisor ${command}\`` : undefined,
    route ? `\`${route.method} /api/v1${route.path}\`` : undefined,
    toolset && access !== 'owner' ? `tool in the set \`${toolset}\`` : undefined,
    access === 'owner' ? 'for the owner on a terminal' : `needs \`${access}\``,
    repeat === 'never' ? 'never repeated by itself' : undefined,
  ].filter(Boolean);
  const fields = Object.entries(input.properties).map(([field, schema]) => {
    const notes = [
      typeOf(schema),
      input.required?.includes(field) ? 'required' : undefined,
      sensitive.includes(field) ? 'never a flag or in a URL' : undefined,
      schema.default === undefined ? undefined : `else ${JSON.stringify(schema.default)}`,
    ].filter(Boolean);
    return `- \`${field}\` (${notes.join(', ')})${schema.description ? `: ${schema.description}` : ''}`;
  });
  const answers = Object.keys(output.properties).map((field) => `\`${field}\``);
  return `### ${name}

${summary}.${description ? ` ${description}` : ''}

${facts.join(' · ')}
${command === '' ? '' : `\n\`\`\`sh\n${examples.get(name)}\n\`\`\`\n`}
${fields.length > 0 ? `${fields.join('\n')}\n\n` : ''}Answers ${answers.join(', ')}.
`;
}

/** What `--help` shows: a command of that name that is more than its operation has an example of its own. */
async function exampleOf(operation) {
  const own = commands.find(({ command }) => command === operation.command);
  return own ? /^Example: (.+)$/m.exec((await own.load()).usage)[1] : exampleLine(operation);
}

function typeOf({ type, enum: choices, items, anyOf }) {
  if (choices) return choices.map((choice) => `\`${choice}\``).join(' or ');
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  return type === 'array' ? `list of ${typeOf(items ?? {})}` : (type ?? 'any');
}

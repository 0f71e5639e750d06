import { parseArgs } from 'node:util';
import { slugPattern } from '@supervisor/core/slug';
import { parseToolsets, type ToolSelection } from '@supervisor/core/tools';

export const usage = `Usage: node apps/mcp-server/dist/main.js [options]

The MCP server that an agent's host starts. It passes calls on to this home's service, and starts that when none runs.

  --project SLUG    the project of this agent, and the only one it may touch (else found from the working directory)
  --toolsets LIST   default, admin, cloud, or all; separated by commas (or SUPERVISOR_TOOLSETS; else default, and cloud once an account is set)
  --read-only       only tools that change and release nothing, whatever else is set (or SUPERVISOR_READ_ONLY=1)
  --home DIR        the home (else SUPERVISOR_HOME, else ~/.supervisor)
  --url URL         use a service elsewhere, with the token that supervisor login URL kept (or SUPERVISOR_TOKEN_FILE, SUPERVISOR_TOKEN)
  --standalone      no service: open PostgreSQL in this process (for containers)
  --help            this text

Example: claude mcp add --scope user meta -- node /path/to/supervisor/apps/mcp-server/dist/main.js
`;

export interface Options {
  project: string | undefined;
  home: string | undefined;
  url: string | undefined;
  standalone: boolean;
  selection: ToolSelection;
}

/** Reads flags and environment; null when only help was asked for. */
export function readOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      project: { type: 'string' },
      toolsets: { type: 'string' },
      'read-only': { type: 'boolean' },
      home: { type: 'string' },
      url: { type: 'string' },
      standalone: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return null;
  if (values.url !== undefined && values.standalone) throw new Error('Give either --url or --standalone.');
  if (values.project !== undefined && !slugPattern.test(values.project))
    throw new Error(`--project must be a slug of lower-case letters, digits and dashes, and is ${values.project}.`);
  const flag = process.env['SUPERVISOR_READ_ONLY'] ?? '';
  return {
    project: values.project,
    home: values.home,
    url: values.url,
    standalone: values.standalone === true,
    selection: {
      toolsets: parseToolsets(values.toolsets ?? process.env['SUPERVISOR_TOOLSETS']),
      readOnly: values['read-only'] === true || !['', '0', 'false'].includes(flag),
    },
  };
}

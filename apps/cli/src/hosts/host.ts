import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** A program that agents run in, and where it keeps its MCP servers. */
export interface Host {
  name: string;
  title: string;
  /** Its configuration file. */
  path: string;
  /** The folder that is there when the program is. */
  trace: string;
  format: 'json' | 'toml';
  /** The object that holds the servers. */
  servers: string;
  /** VS Code and Claude Code want the transport's name in an entry. */
  typed: boolean;
}

/** How a host starts our MCP server. */
export interface Entry {
  command: string;
  args: string[];
}

/** The name under which agents see us: its tools are `mcp__meta__…`. */
export const serverName = 'meta';

export function hosts(): Host[] {
  const home = homedir();
  const config =
    platform() === 'darwin' ? join(home, 'Library', 'Application Support') : (process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'));
  const json = { format: 'json', servers: 'mcpServers' } as const;
  return [
    { name: 'claude-code', title: 'Claude Code', path: join(home, '.claude.json'), trace: join(home, '.claude'), ...json, typed: true },
    {
      name: 'claude-desktop',
      title: 'Claude Desktop',
      path: join(config, 'Claude', 'claude_desktop_config.json'),
      trace: join(config, 'Claude'),
      ...json,
      typed: false,
    },
    { name: 'cursor', title: 'Cursor', path: join(home, '.cursor', 'mcp.json'), trace: join(home, '.cursor'), ...json, typed: false },
    {
      name: 'vscode',
      title: 'VS Code',
      path: join(config, 'Code', 'User', 'mcp.json'),
      trace: join(config, 'Code'),
      format: 'json',
      servers: 'servers',
      typed: true,
    },
    {
      name: 'codex',
      title: 'Codex',
      path: join(home, '.codex', 'config.toml'),
      trace: join(home, '.codex'),
      format: 'toml',
      servers: 'mcp_servers',
      typed: false,
    },
  ];
}

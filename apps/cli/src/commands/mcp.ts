import { spawn } from 'node:child_process';
import { pipeProgram } from '../program.js';

export const usage = `Usage: supervisor mcp [OPTIONS]

Is the MCP server that an agent's host runs; all options are those of the server (supervisor mcp -- --help).

Example: supervisor mcp --read-only
`;

/** Runs the MCP server in place of this process. */
export function run(words: string[]): void {
  const [node, main] = pipeProgram;
  const options = words[0] === '--' ? words.slice(1) : words;
  spawn(node!, [main!, ...options], { stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1));
}

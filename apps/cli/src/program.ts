import { fileURLToPath } from 'node:url';
import { readBuild, type Program } from '@supervisor/client';

// Relative to dist, where the build puts all of this app.
const app = (path: string) => fileURLToPath(new URL(`../../${path}/dist/main.js`, import.meta.url));

/** How this checkout starts its service. */
export const program: Program = [process.execPath, app('api')];

/** How this checkout starts the MCP server of an agent. */
export const pipeProgram: Program = [process.execPath, app('mcp-server')];

/** The stamp of this build. */
export const build = readBuild(fileURLToPath(import.meta.resolve('@supervisor/supervisor/build')));

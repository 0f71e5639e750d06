export { callTool, type ToolResult } from './call-tool.js';
export { answerHttp } from './http.js';
export { createMcpServer, type McpOptions } from './server.js';
export { serveStdio } from './stdio.js';

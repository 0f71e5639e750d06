// An agent's day, over the official MCP SDK: node examples/day.mjs
// The pipe it spawns finds or starts the service of your home (SUPERVISOR_HOME).
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const pipe = fileURLToPath(new URL('../apps/mcp-server/dist/main.js', import.meta.url));
const client = new Client({ name: 'day', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command: process.execPath, args: [pipe], env: { ...process.env } }));

async function call(name, input) {
  const { structuredContent, content, isError } = await client.callTool({ name, arguments: input });
  if (isError) throw new Error(content[0].text);
  return structuredContent;
}

const run = Date.now().toString(36);

// Secrets: stored once, listed without values, retrieved when needed.
await call('store_secret', { path: 'shop/payments/api_key', value: `not-a-real-key-${run}`, provider: 'payments' });
const { secrets } = await call('list_secrets', { prefix: 'shop/' });
const { value } = await call('retrieve_secret', { path: 'shop/payments/api_key' });
console.log(`secrets   ${secrets.map(({ path }) => path).join(', ')}: ${value.length} characters`);

// Ports: two projects, no collision, the same answer tomorrow.
const web = await call('allocate_port', { project: 'shop', service: 'web' });
const blog = await call('allocate_port', { project: 'blog', service: 'web' });
const again = await call('allocate_port', { project: 'shop', service: 'web' });
console.log(`ports     shop/web ${web.port}, blog/web ${blog.port}; asked again: ${again.port}`);

// Tasks: what ran and how long, also when it failed.
await call('start_task', { id: `login-${run}`, type: 'bug_fix', description: 'Login fails after a redirect', project: 'shop' });
await call('complete_task', { id: `login-${run}`, project: 'shop', outcome: 'fixed', filesChanged: 2 });
await call('start_task', { id: `icons-${run}`, type: 'bug_fix', description: 'Icons are blurred', project: 'shop' });
await call('complete_task', { id: `icons-${run}`, project: 'shop', failed: 'needs a designer' });
const stats = await call('get_task_stats', { project: 'shop', type: 'bug_fix' });
console.log(`tasks     ${stats.completed} completed, ${stats.failed} failed, success rate ${stats.successRate}`);

const status = await call('get_status', {});
console.log(`status    ${status.projects.map(({ project, holds }) => `${project} ${JSON.stringify(holds)}`).join(' · ')}`);
await client.close();

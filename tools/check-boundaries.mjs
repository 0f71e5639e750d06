// Who may import whom. Fails on an import that crosses a layer, and on one that package.json does not declare.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const domains = ['auth', 'secrets', 'ports', 'timing', 'cloudflare', 'gcloud', 'knowledge'];
const layers = {
  core: [],
  db: ['core'],
  client: ['core'],
  rest: ['core'],
  mcp: ['core'],
  fakes: [],
  ...Object.fromEntries(domains.map((name) => [name, ['core', 'db']])),
  supervisor: ['core', 'db', 'client', ...domains],
};
const app = ['supervisor', 'client', 'rest', 'mcp', 'core'];
// The client gives the managers' methods under the managers' types: it may name them, not load them.
const typesOnly = { client: domains };
const sdk = '@modelcontextprotocol/sdk';
// What stands in for a provider is for tests, tools and the demo: never in what is shipped.
const onlyInTests = ['fakes'];
// Declared once, at the root.
const testTools = ['@jest/globals', 'fast-check'];

const problems = [];
for (const kind of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, kind))) checkPackage(kind, name);
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'Boundaries hold.' : `${problems.length} imports cross a boundary.`);
process.exit(problems.length === 0 ? 0 : 1);

function checkPackage(kind, name) {
  const folder = join(root, kind, name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const allowed = kind === 'apps' ? app : layers[name];
  if (!allowed) return problems.push(`${kind}/${name} has no layer: add it to tools/check-boundaries.mjs.`);
  for (const file of sources(join(folder, 'src'))) {
    const test = file.endsWith('.test.ts');
    for (const { target, type } of imports(readFileSync(file, 'utf8'))) {
      const from = file.slice(root.length);
      if (target.startsWith('.') || target.startsWith('node:') || builtinModules.includes(target)) continue;
      const packageName = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
      const own = packageName.startsWith('@supervisor/') ? packageName.slice('@supervisor/'.length) : undefined;
      const forTests = onlyInTests.includes(own) && name !== own;
      if (forTests && test) {
        if (!manifest.devDependencies?.[packageName]) problems.push(`${from}: ${packageName} is not in devDependencies`);
        continue;
      }
      if (own !== undefined && !allowed.includes(own) && !(type && typesOnly[name]?.includes(own)))
        problems.push(`${from}: ${name} may not import ${packageName}`);
      if (packageName === sdk && name !== 'mcp') problems.push(`${from}: only packages/mcp imports the MCP SDK`);
      if (!declared.includes(packageName) && !(test && testTools.includes(packageName)))
        problems.push(`${from}: ${packageName} is not in package.json`);
    }
  }
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file));
}

function imports(text) {
  const statements = text.matchAll(
    /^(import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|(?:\bimport|import\.meta\.resolve)\('([^']+)'\)/gm,
  );
  return [...statements].map(([, , type, from, bare, dynamic]) => ({ target: from ?? bare ?? dynamic, type: type !== undefined }));
}

// Writes the SQL for what changed in each package's schema.ts. Usage: npm run migrations -- PACKAGE NAME [--custom]
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const [name, tag, ...flags] = process.argv.slice(2);
if (!name || !tag) {
  console.error('Usage: npm run migrations -- PACKAGE NAME [--custom]');
  process.exit(2);
}
const folder = new URL(`../packages/${name}/`, import.meta.url);
const kit = new URL('../node_modules/drizzle-kit/bin.cjs', import.meta.url).pathname;
execFileSync(process.execPath, [kit, 'generate', `--name=${tag}`, ...flags], { cwd: folder, stdio: 'inherit' });

// @supervisor/db makes the schema: a second package that also did would fail.
for (const file of readdirSync(new URL('migrations/', folder)).filter((file) => file.endsWith('.sql'))) {
  const url = new URL(`migrations/${file}`, folder);
  const text = readFileSync(url, 'utf8');
  const stripped = text.replace(/CREATE SCHEMA "supervisor";\s*(--> statement-breakpoint\s*)?/g, '');
  if (stripped !== text) writeFileSync(url, stripped);
}

// Makes tarballs of packages together with those of ours that they need, for a project elsewhere.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifests = new Map(
  readdirSync(join(root, 'packages'))
    .map((folder) => JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')))
    .filter((manifest) => !manifest.private)
    .map((manifest) => [manifest.name, manifest]),
);
const names = [...manifests.keys()].map((name) => name.replace('@supervisor/', ''));

const usage = `Usage: npm run -s pack -- DIR [PACKAGE …]

Puts tarballs of the packages (else of all) into DIR, with those of Supervisor that they need. In the other project:
  npm install DIR/*.tgz

Packages: ${names.join(', ')}`;

const [folder, ...wanted] = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (!folder || folder.startsWith('-')) fail(usage, folder === '--help' ? 0 : 2);
if (unknown.length > 0) fail(`No package is named ${unknown.join(', ')}.\n\n${usage}`, 2);
if (!existsSync(join(root, 'packages/core/dist/index.js'))) fail('Nothing is built yet: npm start, or npm test, does that first.', 1);

// npm starts in the checkout; what the person typed is meant from where they stood.
const destination = resolve(process.env.INIT_CWD ?? '.', folder);
mkdirSync(destination, { recursive: true });
const chosen = needed((wanted.length > 0 ? wanted : names).map((name) => `@supervisor/${name}`));
const packed = execFileSync(
  'npm',
  ['pack', '--loglevel=error', '--pack-destination', destination, ...chosen.flatMap((name) => ['-w', name])],
  {
    cwd: root,
    encoding: 'utf8',
  },
);
process.stdout.write(packed);
console.log(`In the other project: npm install ${destination}/*.tgz`);

function needed(wanted) {
  const all = new Set(wanted);
  for (const name of all) for (const other of Object.keys(manifests.get(name).dependencies ?? {})) if (manifests.has(other)) all.add(other);
  return [...all];
}

function fail(text, code) {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}

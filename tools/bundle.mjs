// Joins an app's compiled files into dist/FILE. Node would spend a third of a short command's time on finding them one by one.
// A .cjs is one file that starts without the loader for modules, which takes as long again; a .js keeps what it loads on demand
// in chunks beside it.
// Usage, in the app's folder: node ../../tools/bundle.mjs FILE [MODULE TO LEAVE OUT …]
import { readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse, relative } from 'node:path';
import { build } from 'esbuild';

const [file, ...external] = process.argv.slice(2);
const { name, ext } = parse(file);
const common = { bundle: true, minify: true, platform: 'node', target: 'node20', external, logLevel: 'warning' };

// What an earlier build left would go on being run by whoever still names it.
for (const old of readdirSync('dist')) if (old.startsWith('chunk-') || /^main\.c?js$/.test(old)) rmSync(`dist/${old}`);

if (ext === '.cjs') {
  await build({ ...common, ...commonModule(), entryPoints: ['dist/entry.js'], outfile: `dist/${file}`, format: 'cjs' });
  nameFiles(`dist/${file}`);
} else {
  const entryPoints = { [name]: 'dist/entry.js' };
  await build({ ...common, entryPoints, outdir: 'dist', chunkNames: 'chunk-[name]-[hash]', splitting: true, format: 'esm' });
}

function commonModule() {
  const url = 'require("node:url").pathToFileURL';
  return {
    define: { 'import.meta.url': 'moduleUrl', 'import.meta.resolve': 'moduleFile' },
    banner: { js: `const moduleUrl = ${url}(__filename).href, moduleFile = (path) => new URL(path, moduleUrl).href;` },
  };
}

// What a package exports is looked up here, once; the file itself may be made later in the build.
function nameFiles(output) {
  const { resolve } = createRequire(`${process.cwd()}/package.json`);
  const fileOf = (name) => {
    const [scope, short, ...rest] = name.split('/');
    const description = realpathSync(resolve(`${scope}/${short}/package.json`));
    const { exports } = JSON.parse(readFileSync(description, 'utf8'));
    return relative('dist', join(dirname(description), exports[`./${rest.join('/')}`]));
  };
  const text = readFileSync(output, 'utf8').replace(/moduleFile\("([^"]+)"\)/g, (_, name) => `moduleFile(${JSON.stringify(fileOf(name))})`);
  writeFileSync(output, text);
}

// Joins an app's compiled files into dist/FILE and chunks beside it, of what it loads on demand. Node would spend a third of a short
// command's time on finding them one by one. With a .cjs all of them start without the loader for modules, which takes as long again.
// Usage, in the app's folder: node ../../tools/bundle.mjs FILE [MODULE TO LEAVE OUT …]
import { chmodSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse, relative } from 'node:path';
import { build, transform } from 'esbuild';

const [file, ...external] = process.argv.slice(2);
const { name, ext } = parse(file);
const common = { minify: true, platform: 'node', target: 'node20', logLevel: 'warning' };
const isCommon = ext === '.cjs';

// A host or a shell may start it with any Node: an older one would stumble over what it lacks, and name only that.
const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const [oldest, major, minor] = /(\d+)\.(\d+)/.exec(engines.node);
const older = `((major,minor)=>major<${major}||major==${major}&&minor<${minor})(...process.versions.node.split("."))`;
const said = `"Supervisor needs Node ${oldest} or newer; this is "+process.versions.node+" at "+process.execPath+"."`;

// What an earlier build left would go on being run by whoever still names it.
for (const old of readdirSync('dist')) if (/^chunk-|^main\.c?js$/.test(old)) rmSync(`dist/${old}`);

const { outputFiles } = await build({
  ...common,
  bundle: true,
  external,
  entryPoints: { [name]: 'dist/entry.js' },
  outdir: 'dist',
  outExtension: { '.js': ext },
  chunkNames: 'chunk-[name]-[hash]',
  splitting: true,
  banner: { js: `if(${older}){console.error(${said});process.exit(1)}` },
  format: 'esm',
  write: false,
  ...(isCommon ? { define: { 'import.meta.url': 'moduleUrl', 'import.meta.resolve': 'moduleFile' } } : {}),
});
for (const { path, text } of outputFiles) writeFileSync(path, isCommon ? await asCommon(text) : text);
chmodSync(`dist/${file}`, 0o755);

async function asCommon(text) {
  const required = text.replace(/\bimport\(("\.\/[^"]+")\)/g, 'Promise.resolve().then(()=>require($1))');
  const { code } = await transform(required, { ...common, format: 'cjs' });
  const [, shebang, body] = /^(#!.*\n)?([^]*)$/.exec(code);
  const url = 'const moduleUrl=require("node:url").pathToFileURL(__filename).href,moduleFile=(path)=>new URL(path,moduleUrl).href;';
  return `${shebang ?? ''}${/\bmodule(Url|File)\b/.test(body) ? url : ''}${nameFiles(body)}`;
}

// What a package exports is looked up here, once; the file itself may be made later in the build.
function nameFiles(text) {
  const { resolve } = createRequire(`${process.cwd()}/package.json`);
  const fileOf = (name) => {
    const [scope, short, ...rest] = name.split('/');
    const description = realpathSync(resolve(`${scope}/${short}/package.json`));
    const { exports } = JSON.parse(readFileSync(description, 'utf8'));
    return relative('dist', join(dirname(description), exports[`./${rest.join('/')}`]));
  };
  return text.replace(/moduleFile\("([^"]+)"\)/g, (_, name) => `moduleFile(${JSON.stringify(fileOf(name))})`);
}

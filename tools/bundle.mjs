// Joins an app's compiled files into dist/main.js, and what it loads on demand into chunks beside it. Node would spend a third of a short command's time on finding them one by one.
// Usage, in the app's folder: node ../../tools/bundle.mjs [FILE TO LEAVE OUT …]
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

for (const name of readdirSync('dist')) if (name.startsWith('chunk-')) rmSync(`dist/${name}`);

await build({
  entryPoints: { main: 'dist/entry.js' },
  outdir: 'dist',
  chunkNames: 'chunk-[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: process.argv.slice(2),
  logLevel: 'warning',
});

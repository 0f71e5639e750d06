// Joins an app's compiled files into dist/main.js. Node would spend a third of a short command's time on finding them one by one.
// Usage, in the app's folder: node ../../tools/bundle.mjs [FILE TO LEAVE OUT …]
import { build } from 'esbuild';

await build({
  entryPoints: ['dist/entry.js'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: process.argv.slice(2),
  logLevel: 'warning',
});

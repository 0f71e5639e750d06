// Run under `supervisor run`: prints its secrets in one disguise on both outputs, or copies a file to stdout.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { disguises } from './disguises.mjs';

const [how, file] = process.argv.slice(2);

if (how === 'copy') await pipeline(createReadStream(file), process.stdout, { end: false });
else
  for (const stream of [process.stdout, process.stderr]) {
    const write = (text) => new Promise((resolve) => stream.write(text, resolve));
    for (const name of ['TOKEN', 'NASTY', 'LINES', 'TWICE']) await disguises[how].print(process.env[name], write);
  }

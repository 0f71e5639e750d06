#!/usr/bin/env node
import { readOptions, usage } from './options.js';

// stdout carries the protocol and nothing else.
try {
  const options = readOptions(process.argv.slice(2));
  if (!options) process.stderr.write(usage);
  else if (options.standalone) await (await import('./standalone.js')).runStandalone(options);
  else if (options.url !== undefined) (await import('./relay.js')).runRelay(options);
  else (await import('./pipe.js')).runPipe(options);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

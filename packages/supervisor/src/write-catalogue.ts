// Run by the build: what pipe and command line read instead of loading every package.
import { writeFileSync } from 'node:fs';
import { catalogue } from './catalogue.js';

writeFileSync(new URL('operations.json', import.meta.url), JSON.stringify(catalogue()));

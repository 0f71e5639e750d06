import { fileURLToPath } from 'node:url';

/** An embedded database with the tables of this build, written by it. */
export const template = fileURLToPath(new URL('../dist/template.tar.gz', import.meta.url));

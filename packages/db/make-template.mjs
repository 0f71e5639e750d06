// Writes an initialised, empty PGlite cluster: a home or a test that starts from it waits one second, not ten for initdb.
import { writeFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';

const client = await PGlite.create();
await client.exec('vacuum freeze');
const dump = await client.dumpDataDir('gzip');
await writeFile(new URL('dist/template.tar.gz', import.meta.url), Buffer.from(await dump.arrayBuffer()));
await client.close();

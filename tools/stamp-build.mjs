// Names this build by what is in it and says when it was made, so that an older service makes way for a newer one.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes build.json beside operations.json, unless nothing has changed since it was written. */
export function stampBuild(root) {
  const hash = createHash('sha256');
  for (const kind of ['packages', 'apps']) {
    for (const name of readdirSync(join(root, kind)).toSorted()) addFolder(hash, join(root, kind, name, 'dist'));
  }
  const path = join(root, 'packages/supervisor/dist/build.json');
  const id = hash.digest('hex').slice(0, 16);
  if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).id === id) return;
  writeFileSync(path, `${JSON.stringify({ id, at: new Date().toISOString() })}\n`);
}

function addFolder(hash, folder) {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder, { recursive: true }).toSorted()) {
    if (/\.(?:c?js|json|sql)$/.test(file) && !/\.test\.js$|build\.json$/.test(file))
      hash.update(file).update(readFileSync(join(folder, file)));
  }
}

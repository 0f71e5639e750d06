import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../harness.mjs';

const parts = ['dist', 'migrations', 'package.json'];

/** A second checkout, as far as its programs need one, so that a `.env` can be put there. Dependencies are links to the real ones. */
export function copyCheckout(stage) {
  const root = stage.folder();
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@supervisor'), { recursive: true });
  for (const name of readdirSync(join(checkout, 'node_modules'))) {
    if (name !== '@supervisor' && !name.startsWith('.')) symlinkSync(join(checkout, 'node_modules', name), join(modules, name));
  }
  cpSync(join(checkout, 'package.json'), join(root, 'package.json'));
  for (const kind of ['packages', 'apps']) {
    for (const name of readdirSync(join(checkout, kind))) {
      const target = join(root, kind, name);
      for (const part of parts) {
        const source = join(checkout, kind, name, part);
        if (existsSync(source)) cpSync(source, join(target, part), { recursive: true });
      }
      symlinkSync(target, join(modules, '@supervisor', name));
    }
  }
  return root;
}

import { detectSecrets } from '@supervisor/supervisor/detect';
import { pathProblem } from '@supervisor/supervisor/secret-path';
import { plainPath, proposePath } from './find/dotenv.js';
import { UsageError } from './input.js';
import { quoteDotenv } from './quote-dotenv.js';
import { builtFrom } from './read-dotenv.js';
import { isReference } from './reference.js';
import type { Entry, FileSecret } from './secret-file.js';

/** Why a variable is left out that nothing tells to be a secret. */
export const notLikeAKey = 'no secret';

export interface ImportPlan {
  /** `instead`: where it goes when its path is another variable's. */
  secrets: (FileSecret & { name: string; instead?: string | undefined })[];
  leftOut: { name: string; why: string }[];
}

/** Where the paths go that a file does not say. */
export interface ImportPlace {
  /** In front of every path, when it is given. */
  prefix?: string | undefined;
  /** In front of what is a variable only, when there is no prefix. */
  project?: string | undefined;
  /** Also what does not look like a key. */
  all?: boolean | undefined;
}

/** Decides which entries of a file are secrets, and where they go. A name with `/` is a path; a variable is one when it seems to hold a key. */
export function planImport(entries: readonly Entry[], place: ImportPlace): ImportPlan {
  const plan: ImportPlan = { secrets: [], leftOut: [] };
  const names = entries.map(({ name }) => name);
  for (const { name, value } of entries) {
    const leaveOut = (why: string) => plan.leftOut.push({ name, why });
    if (value === undefined) leaveOut('no text');
    else if (value === '') leaveOut('empty');
    else if (isReference(value)) leaveOut('a reference');
    else if (builtFrom(value, names)) leaveOut(`built from ${builtFrom(value, names)}`);
    else {
      const paths = pathsFor(name, value, place);
      const path = paths.find((candidate) => plan.secrets.every((other) => other.path !== candidate));
      if (paths.length === 0) leaveOut(notLikeAKey);
      else if (path === undefined) throw new UsageError(`Two entries would be ${paths[0]}; the second is ${name}. Nothing was stored.`);
      else {
        const problem = pathProblem(path);
        if (problem) leaveOut(`${path} ${problem}`);
        else plan.secrets.push({ name, path, value, instead: paths[paths.indexOf(path) + 1] });
      }
    }
  }
  return plan;
}

// The best first.
function pathsFor(name: string, value: string, { prefix, project, all }: ImportPlace): string[] {
  if (name.includes('/')) return [prefix === undefined ? name : `${prefix}/${name}`];
  const text = `${name}=${quoteDotenv(value) ?? value}`;
  const proposed = proposePath(name, value, text, detectSecrets(text)) ?? (all ? plainPath(name) : undefined);
  if (proposed === undefined) return [];
  const above = prefix ?? project;
  if (above === undefined) throw new UsageError(`Which project is ${name} of? Give --prefix, such as --prefix shop.`);
  return [`${above}/${proposed}`, `${above}/${plainPath(name)}`];
}

import { createHmac, randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { notLikeAKey, planImport, type ImportPlan } from '../import-plan.js';
import { parseFlags, UsageError } from '../input.js';
import { ask } from '../prompt.js';
import { readText } from '../read-text.js';
import { formatOf, readSecretFile } from '../secret-file.js';

export const usage = `Usage: supervisor secrets import FILE [--prefix PATH] [--format dotenv|json|yaml] [--all] [--yes]

Stores the secrets of a .env, JSON or YAML file, all or none of each hundred, after showing where each would go. No value is shown;
equal values have equal fingerprints. Keys inside keys are a path: {"shop": {"stripe": {"key": …}}} is shop/stripe/key. A variable alone is stored when its value
looks like a key, below this folder's project; what is no secret, such as DEBUG=1, is left out and named. The file stays as it is.

  --prefix PATH    in front of every path, such as shop or shop/staging
  --format FORMAT  what the file is, where its name does not say
  --all            also what does not look like a key
  --yes            do not ask; needed where there is no terminal

Example: supervisor secrets import .env.production --prefix shop/production
`;

// As many as one call takes, which is what makes it all or none.
const atOnce = 100;

export async function run(words: string[], caller: Caller): Promise<void> {
  const flags = { prefix: { type: 'string' }, format: { type: 'string' }, all: { type: 'boolean' }, yes: { type: 'boolean' } } as const;
  const { values, positionals } = parseFlags(words, flags, 1);
  const [file] = positionals;
  if (file === undefined) throw new UsageError('Missing: FILE');
  const entries = readSecretFile(readText(file), formatOf(file, values.format));
  const plan = planImport(entries, { prefix: values.prefix?.replace(/\/$/, ''), project: caller.place.project, all: values.all });
  const { secrets } = plan;
  const there = await Promise.all(secrets.map((secret) => findPlace(caller, secret)));
  show(plan, there);
  if (secrets.length === 0) return console.log('There is nothing to store.');
  if (!values.yes) {
    if (!process.stdin.isTTY) throw new UsageError('Nothing was stored: give --yes where nobody can be asked.');
    if (!(await ask(`Store ${secrets.length}?`))) throw new UsageError('Nothing was stored.');
  }
  const storing = secrets.map(({ name, path, value }, index) => ({
    path,
    value,
    ...(there[index] || name === path ? {} : { description: `${name} of ${basename(file)}` }),
  }));
  let changed = 0;
  for (let from = 0; from < storing.length; from += atOnce) changed += await store(caller, storing, from);
  console.log(`Stored ${changed}${changed < secrets.length ? `; ${secrets.length - changed} had this value already` : ''}.`);
  const [{ name, path }] = secrets as [(typeof secrets)[number]];
  if (changed > 0 && name !== path)
    console.log(`A program gets one in its environment: supervisor run --secret ${name}=${path} -- COMMAND`);
}

/** @returns how many of those from there on are new values */
async function store(caller: Caller, entries: readonly { path: string; value: string }[], from: number): Promise<number> {
  try {
    const { secrets } = await caller.call('store_secret_bulk', { secrets: entries.slice(from, from + atOnce) });
    return (secrets as { changed: boolean }[]).filter((secret) => secret.changed).length;
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    // The service counts within its hundred; a person knows an entry by its path.
    const said = error.message.replace(/\bsecrets\.(\d+)\.\w+/g, (field, index) => entries[from + Number(index)]?.path ?? field);
    const stored = from === 0 ? '' : ` The first ${from} are stored; when this is mended, the same import again stores the rest.`;
    throw new SupervisorError(error.code, `${said}${stored}`, error.details);
  }
}

// What stands at its path may be the key of another variable, which that would lose. @returns whether there is one at the path it takes
async function findPlace(caller: Caller, secret: ImportPlan['secrets'][number]): Promise<boolean> {
  const at = async (path: string) => {
    const { secrets } = await caller.call('list_secrets', { prefix: path, limit: 1 });
    return (secrets as { path: string; description?: string | null }[]).find((found) => found.path === path);
  };
  const found = await at(secret.path);
  const [, owner = secret.name] = /^(\S+) of \S+$/.exec(found?.description ?? '') ?? [];
  if (owner === secret.name || secret.instead === undefined) return found !== undefined;
  secret.path = secret.instead;
  return (await at(secret.path)) !== undefined;
}

function show({ secrets, leftOut }: ImportPlan, there: readonly boolean[]): void {
  // Of this one look only: a fingerprint that outlives it would let others try values.
  const salt = randomBytes(32);
  const width = Math.max(0, ...secrets.map(({ path }) => path.length));
  for (const [index, { name, path, value }] of secrets.entries()) {
    const fingerprint = createHmac('sha256', salt).update(value).digest('hex').slice(0, 8);
    const from = name === path ? '' : `  from ${name}`;
    console.log(`${path.padEnd(width)}  ${fingerprint}  ${there[index] ? 'there already' : 'new'}${from}`);
  }
  for (const { name, why } of leftOut) console.log(`Left out: ${JSON.stringify(name.trim()).slice(1, -1)} (${why})`);
  if (leftOut.some(({ why }) => why === notLikeAKey)) console.log('What is no secret by its looks is stored too with --all.');
}

import { text as readAll } from 'node:stream/consumers';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor learn [TEXT] [OPTIONS]

Keeps what was learned, for this project or all. Without TEXT, or with -, it is read from stdin. Keys and stored secrets are taken out first.

  --kind KIND         learning, decision, incident or how-to; else learning
  --shared            every project finds it, not only this one
  --project SLUG      else that of this folder
  --task ID           the task it was learned in
  --tags A,B          words to find it by
  --source SOURCE     where it is from: a file, a URL …
  --supersedes ID     the entry it replaces
  --ttl-days N        forgotten after so many days
  --json              for machines

Example: supervisor learn "Stripe signs the raw body: verify before parsing." --tags stripe --shared
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    kind: text,
    shared: flag,
    project: text,
    task: text,
    tags: text,
    source: text,
    supersedes: text,
    'ttl-days': text,
    json: flag,
  };
  const { values, positionals } = parseFlags(words, options, 1);
  const [given = '-'] = positionals;
  if (positionals.length === 0 && process.stdin.isTTY) throw new UsageError('Missing: TEXT');
  if (values.project === undefined) void caller.place;
  const { json, shared, tags, supersedes, 'ttl-days': ttlDays, ...rest } = values;
  const answer = await caller.call(caller.findOperation(['knowledge', 'learn'])!, {
    ...rest,
    text: given === '-' ? await readAll(process.stdin) : given,
    ...(shared ? { visibility: 'shared' } : {}),
    ...(tags === undefined ? {} : { tags: tags.split(',').filter(Boolean) }),
    ...(supersedes === undefined ? {} : { supersedes: Number(supersedes) }),
    ...(ttlDays === undefined ? {} : { ttlDays: Number(ttlDays) }),
  });
  if (json) return console.log(JSON.stringify(answer));
  console.log(answer.created ? `Learned as ${answer.id}.` : `Entry ${answer.duplicateOf} says exactly this already.`);
  if (answer.redactions.length > 0) console.log(`Taken out before it was stored: ${answer.redactions.join(', ')}.`);
  for (const { id, similarity, text, supersededBy } of answer.similar) {
    const replaced = supersededBy === null ? '' : ` and was replaced by ${supersededBy}`;
    console.log(`Entry ${id} says nearly the same (${Math.round(100 * similarity)} %)${replaced}: ${text}`);
  }
}

import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { plain } from '../render.js';

export const usage = `Usage: supervisor search QUESTION [OPTIONS]

Finds what projects learned and documented: this project's own, and what all share.

  --projects A,B    only these
  --kinds A,B       learning, decision, incident, how-to, document
  --since INSTANT   only what was learned or changed since, such as 2026-01-31T00:00:00Z
  --limit N         at most so many; else 10
  --mode lexical    by words alone, without the vectors of a configured model
  --explain         why each is where it is
  --json            for machines

Example: supervisor search "why do webhook signatures fail?"
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const text = { type: 'string' } as const;
  const options = {
    projects: text,
    kinds: text,
    since: text,
    limit: text,
    mode: text,
    explain: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const;
  const { values, positionals } = parseFlags(words, options, 100);
  if (positionals.length === 0) throw new UsageError('Missing: QUESTION');
  const { json, projects, kinds, limit, explain, ...rest } = values;
  const answer = await caller.call(caller.findOperation(['knowledge', 'search'])!, {
    ...rest,
    query: positionals.join(' '),
    maxTokens: 100_000,
    ...(projects === undefined ? {} : { projects: projects.split(',').filter(Boolean) }),
    ...(kinds === undefined ? {} : { kinds: kinds.split(',').filter(Boolean) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(explain ? { explain } : {}),
  });
  if (json) return console.log(JSON.stringify(answer));
  console.log(show(answer, explain === true));
}

interface Shown {
  results: {
    id: number;
    project: string;
    kind: string;
    text: string;
    source: string | null;
    heading: string;
    startLine: number;
    endLine: number;
    supersededBy: number | null;
    score: number;
    score_parts: Record<string, unknown>;
  }[];
  mode: string;
  embedder: string | null;
  reason?: string;
  terms?: { term: string; frequency: number; weight: number }[];
}

function show({ results, mode, embedder, reason, terms }: Shown, explain: boolean): string {
  const parts = results.map((hit) => {
    const place = hit.kind === 'document' ? `${hit.source}:${hit.startLine}-${hit.endLine}` : `${hit.kind} ${hit.id}`;
    const more = [
      hit.project,
      hit.heading,
      hit.kind === 'document' ? '' : (hit.source ?? ''),
      hit.supersededBy ? `superseded by ${hit.supersededBy}` : '',
    ];
    const why = explain
      ? `\n  ${hit.score} = ${Object.entries(hit.score_parts)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`
      : '';
    const text = hit.text
      .split('\n')
      .map((line) => `  ${plain(line)}`.trimEnd())
      .join('\n');
    return `${[place, ...more].filter(Boolean).map(plain).join(' · ')}${why}\n${text}`;
  });
  const asked = terms?.map(({ term, frequency, weight }) => `${plain(term)} (in ${frequency}, ${weight.toFixed(1)})`).join(', ');
  return [
    ...(parts.length > 0 ? parts : ['Nothing matches. Try other words, or --projects.']),
    // Whoever has a model wants to know when it was not asked.
    ...(reason === undefined ? [] : [`Found by words alone. ${plain(reason)}`]),
    ...(explain ? [`${mode === 'hybrid' ? `Found by words and by the vectors of ${plain(embedder!)}` : 'Found by words'}.`] : []),
    ...(explain ? [`Terms: ${asked || 'none of them is in what was searched'}.`] : []),
  ].join('\n\n');
}

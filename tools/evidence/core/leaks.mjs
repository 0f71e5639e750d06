import { checkout } from '../harness.mjs';
import { canary } from './inputs.mjs';

// What a caller may never be told by a service that is well.
const defect = /\\*"code\\*":\s*\\*"(internal|outcome_unknown|unavailable|wrong_key|locked|stopped)\\*"/;
const traces = [/ {4}at /, /node_modules/, /\.m?js:\d+/, /file:\/\//, /TypeError|ZodError|DrizzleQueryError/];
// Not the file .supervisor.json, which messages name.
const statements = /select |insert into|delete from|update .*\bset\b|supervisor"?\.(?!json\b)"?\w|Failed query/i;

/** What is wrong with an answer to a fuzzed call; undefined when nothing is. `releases`: it may hold a secret's value. */
export function findLeak(text, { status = 200, releases = false } = {}) {
  if (status >= 499) return `status ${status}`;
  const [, code] = defect.exec(text) ?? [];
  if (code) return `code ${code}`;
  const trace = traces.find((pattern) => pattern.test(text));
  if (trace) return `a trace (${trace.source.trim()})`;
  if (text.includes(checkout)) return 'a path of the checkout';
  if (statements.test(text)) return 'SQL';
  if (!releases && text.includes(canary)) return 'a sensitive value';
  return undefined;
}

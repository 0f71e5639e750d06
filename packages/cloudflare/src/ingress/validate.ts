import { checks } from './checks.js';
import { matchesHost, withoutPort } from './host.js';
import { originRequestProblem } from './origin-request.js';
import { matchesPath } from './path.js';
import type { Rule } from './rule.js';

const texts = ['hostname', 'path', 'service'] as const;

export interface Problem {
  /** The number of the rule, from 1; 0: the list as a whole. */
  rule: number;
  /** The name of the check (see checks.ts). */
  check: string;
  message: string;
}

export interface Verdict {
  /** cloudflared would take the list. */
  valid: boolean;
  errors: Problem[];
  warnings: Problem[];
}

/**
 * What cloudflared would say to a list of rules, all of it at once.
 * @param defaults originRequest of the whole tunnel
 */
export function validateIngress(given: readonly Rule[], defaults?: Record<string, unknown> | null): Verdict {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  if (given.length === 0)
    errors.push({ rule: 0, check: 'empty', message: 'There is no rule. The least is one with service http_status:404.' });
  const general = originRequestProblem(defaults);
  if (general !== undefined) errors.push({ rule: 0, check: 'origin-request', message: general });
  for (const [index, rule] of given.entries()) {
    const message = shapeProblem(rule);
    if (message !== undefined) errors.push({ rule: index + 1, check: 'shape', message: `Rule ${index + 1}: ${message}.` });
  }
  // The other checks rely on the types.
  const rules = errors.some(({ check }) => check === 'shape') ? [] : given.map(withoutNulls);
  for (const [index, rule] of rules.entries()) {
    for (const { name, level, problem } of checks) {
      const message = problem({ rule, index, rules, defaults });
      if (message !== undefined)
        (level === 'error' ? errors : warnings).push({ rule: index + 1, check: name, message: `Rule ${index + 1}: ${message}.` });
    }
  }
  return { valid: errors.length === 0, errors, warnings };
}

/** The index of the rule that answers for a name and a path: the first that fits, else the last. */
export function findRule(rules: readonly Rule[], host: string, path: string): number {
  const name = withoutPort(host);
  const found = rules.findIndex((rule) => matchesHost(rule.hostname, name) && matchesPath(rule.path, path));
  return found < 0 ? rules.length - 1 : found;
}

function shapeProblem(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return 'it must be an object';
  const wrong = texts.find((field) => !['string', 'undefined'].includes(typeof ((rule as Rule)[field] ?? undefined)));
  return wrong === undefined ? undefined : `${wrong} must be text`;
}

// For Go, null is as good as absent.
function withoutNulls(rule: Rule): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null));
}

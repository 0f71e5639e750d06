import { checks } from './checks.js';
import { matchesHost, withoutPort } from './host.js';
import { originRequestProblem } from './origin-request.js';
import { matchesPath } from './path.js';
import type { Rule } from './rule.js';

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
export function validateIngress(rules: readonly Rule[], defaults?: Record<string, unknown> | null): Verdict {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  if (rules.length === 0)
    errors.push({ rule: 0, check: 'empty', message: 'There is no rule. The least is one with service http_status:404.' });
  const general = originRequestProblem(defaults);
  if (general !== undefined) errors.push({ rule: 0, check: 'origin-request', message: general });
  for (const [index, rule] of rules.entries()) {
    // What is no rule at all cannot be looked at further.
    const looked = isObject(rule) ? checks : [];
    if (looked.length === 0) errors.push({ rule: index + 1, check: 'shape', message: `Rule ${index + 1}: it must be an object.` });
    for (const { name, level, problem } of looked) {
      const message = problem({ rule, index, rules: rules.filter(isObject), defaults });
      if (message === undefined) continue;
      (level === 'error' ? errors : warnings).push({ rule: index + 1, check: name, message: `Rule ${index + 1}: ${message}.` });
      // The other checks rely on the types.
      if (name === 'shape') break;
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

function isObject(rule: unknown): rule is Rule {
  return typeof rule === 'object' && rule !== null && !Array.isArray(rule);
}

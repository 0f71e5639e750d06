import { covers, samePlace } from './checks.js';
import { isCatchAll, type Rule } from './rule.js';

const last: Rule = { service: 'http_status:404' };

/** The list with a rule in it, in its old place or before the first that would answer in its stead; all others stay as they are. */
export function withRule(rules: readonly Rule[], rule: Rule): Rule[] {
  const at = rules.findIndex((other) => samePlace(other, rule));
  if (at >= 0) return rules.map((other, index) => (index === at ? rule : other));
  const before = rules.findIndex((other) => covers(other, rule));
  const list = before < 0 ? [...rules, rule] : [...rules.slice(0, before), rule, ...rules.slice(before)];
  return isCatchAll(list.at(-1)!) ? list : [...list, last];
}

/** The list without the rules for these requests. */
export function withoutRule(rules: readonly Rule[], rule: Rule): Rule[] {
  const list = rules.filter((other) => isCatchAll(other) || !samePlace(other, rule));
  return list.length > 0 && isCatchAll(list.at(-1)!) ? list : [...list, last];
}

import { coversHost, hasPort } from './host.js';
import { originRequestProblem } from './origin-request.js';
import { patternProblem } from './path.js';
import { isCatchAll, isEveryHost, type Rule } from './rule.js';
import { addressProblem, addressWarning, ipRulesProblem, kindOf, statusProblem } from './service.js';

/** A rule in its list. */
export interface Placed {
  rule: Rule;
  index: number;
  rules: readonly Rule[];
  /** originRequest of the whole tunnel. */
  defaults: Record<string, unknown> | null | undefined;
}

export interface Check {
  name: string;
  /** `error`: cloudflared refuses the whole list; `warning`: it takes the rule, which then does nothing useful. */
  level: 'error' | 'warning';
  /** What is wrong; undefined when nothing is. */
  problem(placed: Placed): string | undefined;
}

const isLast = ({ index, rules }: Placed) => index === rules.length - 1;

/** cloudflared's rules for a list of rules, one by one. */
export const checks: readonly Check[] = [
  {
    name: 'origin-request',
    level: 'error',
    problem: ({ rule }) => originRequestProblem(rule.originRequest),
  },
  {
    name: 'http-status',
    level: 'error',
    problem: ({ rule, defaults }) => (kindOf(rule, defaults) === 'status' ? statusProblem(rule.service!) : undefined),
  },
  {
    name: 'socks-ip-rules',
    level: 'error',
    problem: ({ rule, defaults }) => (kindOf(rule, defaults) === 'socks' ? ipRulesProblem(rule.originRequest?.['ipRules']) : undefined),
  },
  {
    name: 'service-address',
    level: 'error',
    problem: ({ rule, defaults }) => (kindOf(rule, defaults) === 'url' ? addressProblem(rule.service ?? '') : undefined),
  },
  {
    name: 'hostname-port',
    level: 'error',
    problem: ({ rule: { hostname = '' } }) => (hasPort(hostname) ? 'hostname must not have a port' : undefined),
  },
  {
    name: 'hostname-wildcard',
    level: 'error',
    problem: ({ rule: { hostname = '' } }) =>
      hostname.lastIndexOf('*') > 0 ? 'a * stands only at the very beginning of hostname, such as *.example.com' : undefined,
  },
  {
    name: 'last-catches-all',
    level: 'error',
    problem: (placed) =>
      isLast(placed) && !isCatchAll(placed.rule)
        ? 'the last rule must have neither hostname nor path, such as service http_status:404'
        : undefined,
  },
  {
    name: 'only-last-catches-all',
    level: 'error',
    problem: (placed) => (!isLast(placed) && isCatchAll(placed.rule) ? 'it answers everything: the rules after it never do' : undefined),
  },
  {
    name: 'path-pattern',
    level: 'error',
    problem: ({ rule: { path } }) => {
      const problem = path ? patternProblem(path) : undefined;
      return problem === undefined ? undefined : `path is no regular expression of Go: ${problem}`;
    },
  },
  {
    name: 'duplicate',
    level: 'warning',
    problem: ({ rule, index, rules }) => {
      const first = rules.slice(0, index).findIndex((other) => samePlace(other, rule));
      return first < 0 ? undefined : `rule ${first + 1} has the same hostname and path: this one never answers`;
    },
  },
  {
    name: 'unreachable',
    level: 'warning',
    problem: ({ rule, index, rules }) => {
      const first = rules.slice(0, index).findIndex((other) => !isCatchAll(other) && !samePlace(other, rule) && covers(other, rule));
      return first < 0 ? undefined : `rule ${first + 1} answers all of it: this one never does`;
    },
  },
  {
    name: 'hostname-never-asked',
    level: 'warning',
    problem: ({ rule: { hostname } }) => {
      if (isEveryHost(hostname) || hasPort(hostname!)) return undefined;
      if (/^\*[^.]/.test(hostname!)) return 'a * without a dot behind it matches nothing: write *.example.com';
      const labels = hostname!.replace(/^\*\./, '').split('.');
      return hostname!.length > 253 || labels.some((label) => label === '' || label.length > 63)
        ? 'no name in DNS is like that'
        : undefined;
    },
  },
  {
    name: 'service-unreachable',
    level: 'warning',
    problem: ({ rule, defaults }) => {
      const kind = kindOf(rule, defaults);
      if (kind === 'socket') return /^unix(\+tls)?:$/.test(rule.service!) ? 'it names no socket' : undefined;
      return kind === 'url' ? addressWarning(rule.service ?? '') : undefined;
    },
  },
];

/** Whether a rule answers all that another one would. */
export function covers(earlier: Rule, later: Rule): boolean {
  return coversHost(earlier.hostname, later.hostname) && (!earlier.path || earlier.path === later.path);
}

/** Whether two rules are for the same requests. */
export function samePlace(one: Rule, other: Rule): boolean {
  const host = ({ hostname }: Rule) => (isEveryHost(hostname) ? '' : hostname!.toLowerCase());
  return host(one) === host(other) && (one.path ?? '') === (other.path ?? '');
}

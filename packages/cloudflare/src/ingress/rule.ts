/** One rule of a tunnel's list: what is asked for goes to the first rule that fits. Fields that are not known are kept. */
export interface Rule {
  /** Empty or `*`: every name; `*.example.com`: every name below. */
  hostname?: string;
  /** A regular expression of Go (RE2); empty: every path. */
  path?: string;
  /** Where it goes: `http://localhost:3000`, `unix:/run/app.sock`, `http_status:404` … */
  service?: string;
  originRequest?: Record<string, unknown> | null;
  [field: string]: unknown;
}

export function isEveryHost(hostname: string | undefined): boolean {
  return !hostname || hostname === '*';
}

/** Whether a rule answers whatever is asked. */
export function isCatchAll({ hostname, path }: Rule): boolean {
  return isEveryHost(hostname) && !path;
}

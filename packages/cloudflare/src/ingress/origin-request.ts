/** The settings of originRequest that cloudflared reads, and what each has to be. Others are kept and ignored. */
const kinds: Record<string, 'seconds' | 'boolean' | 'integer' | 'port' | 'text' | 'list' | 'object'> = {
  connectTimeout: 'seconds',
  tlsTimeout: 'seconds',
  tcpKeepAlive: 'seconds',
  keepAliveTimeout: 'seconds',
  keepAliveConnections: 'integer',
  noHappyEyeballs: 'boolean',
  noTLSVerify: 'boolean',
  disableChunkedEncoding: 'boolean',
  http2Origin: 'boolean',
  bastionMode: 'boolean',
  matchSNItoHost: 'boolean',
  httpHostHeader: 'text',
  originServerName: 'text',
  caPool: 'text',
  proxyAddress: 'text',
  proxyType: 'text',
  proxyPort: 'port',
  ipRules: 'list',
  access: 'object',
};

// Go counts in nanoseconds, in 64 bits.
const longestSeconds = 9_223_372_036;

const checks: Record<(typeof kinds)[string], { fits(value: unknown): boolean; says: string }> = {
  seconds: { fits: (value) => Number.isInteger(value) && Math.abs(Number(value)) <= longestSeconds, says: 'whole seconds' },
  boolean: { fits: (value) => typeof value === 'boolean', says: 'true or false' },
  integer: { fits: (value) => Number.isSafeInteger(value), says: 'a whole number' },
  port: { fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0, says: 'a port' },
  text: { fits: (value) => typeof value === 'string', says: 'text' },
  list: { fits: (value) => Array.isArray(value), says: 'a list' },
  object: { fits: (value) => typeof value === 'object' && !Array.isArray(value), says: 'an object' },
};

/** What is wrong with a rule's originRequest, or with that of the whole tunnel. */
export function originRequestProblem(settings: unknown): string | undefined {
  if (settings === undefined || settings === null) return undefined;
  if (typeof settings !== 'object' || Array.isArray(settings)) return 'originRequest must be an object';
  for (const [name, value] of Object.entries(settings)) {
    // null is as good as absent.
    if (value === null || !Object.hasOwn(kinds, name)) continue;
    const { fits, says } = checks[kinds[name]!];
    if (!fits(value)) return `originRequest.${name} must be ${says}`;
  }
  return accessProblem((settings as { access?: Access | null }).access);
}

interface Access {
  required?: unknown;
  teamName?: unknown;
  audTag?: unknown;
}

function accessProblem(access: Access | null | undefined): string | undefined {
  if (!access) return undefined;
  const { required = false, teamName = '', audTag } = access;
  if (typeof required !== 'boolean') return 'originRequest.access.required must be true or false';
  if (typeof teamName !== 'string') return 'originRequest.access.teamName must be text';
  const tags = audTag ?? [];
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string')) return 'originRequest.access.audTag must be a list of texts';
  if (required && teamName === '' && tags.length > 0) return 'originRequest.access.teamName must be given where audTag is';
  return undefined;
}

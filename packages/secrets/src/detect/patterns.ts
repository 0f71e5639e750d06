/** A form of key that its provider documents, so that seeing one is certain enough without a name beside it. */
export interface Pattern {
  provider: string;
  /** What it is, as a secret's `type`. */
  kind: 'api_key' | 'token' | 'password' | 'private_key' | 'webhook' | 'jwt';
  /** The last part of the path that is proposed for it. */
  name: string;
  /** The value is the first group, or the whole match where there is none. */
  form: RegExp;
}

// A key's own characters neither precede nor follow it: the middle of a longer word is none.
const whole = (source: string) => new RegExp(`(?<![A-Za-z0-9_-])(?:${source})(?![A-Za-z0-9_-])`, 'g');
const apiKey = (provider: string, source: string, name = 'api_key'): Pattern => ({ provider, kind: 'api_key', name, form: whole(source) });
const token = (provider: string, source: string, name = 'token'): Pattern => ({ provider, kind: 'token', name, form: whole(source) });

/** The kept set. Where two match, the earlier one names it. */
export const patterns: readonly Pattern[] = [
  {
    provider: 'pem',
    kind: 'private_key',
    name: 'private_key',
    form: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]{20,}(?:-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
  },
  token('supervisor', 'sup_[0-9a-f]{12}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}'),
  apiKey('anthropic', 'sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{20,}'),
  apiKey('openrouter', 'sk-or-v1-[0-9a-f]{32,}'),
  apiKey('openai', 'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}'),
  apiKey('openai', 'sk-[A-Za-z0-9]{32,}'),
  apiKey('stripe', '[sr]k_(?:live|test)_[A-Za-z0-9]{16,}', 'secret_key'),
  apiKey('stripe', 'whsec_[A-Za-z0-9+/]{24,}=*', 'webhook_secret'),
  apiKey('aws', '(?:AKIA|ASIA)[A-Z2-7]{16}', 'access_key_id'),
  apiKey('google', 'AIza[A-Za-z0-9_-]{35}'),
  apiKey('google', 'GOCSPX-[A-Za-z0-9_-]{28}', 'client_secret'),
  token('google', 'ya29\\.[A-Za-z0-9_-]{30,}', 'access_token'),
  token('github', 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  token('github', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('gitlab', 'gl(?:pat|dt|rt|ptt|ft|soat|agent|cbt|imt)-[A-Za-z0-9_.-]{20,}'),
  token('slack', 'xox[abeoprs]-[A-Za-z0-9-]{10,}'),
  token('slack', 'xapp-[0-9]-[A-Za-z0-9-]{20,}', 'app_token'),
  {
    provider: 'slack',
    kind: 'webhook',
    name: 'webhook_url',
    form: /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{40,}/g,
  },
  {
    provider: 'discord',
    kind: 'webhook',
    name: 'webhook_url',
    form: /https:\/\/(?:canary\.|ptb\.)?discord(?:app)?\.com\/api\/webhooks\/[0-9]{17,20}\/[A-Za-z0-9_-]{60,}/g,
  },
  token('discord', '[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,45}', 'bot_token'),
  token('telegram', '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}', 'bot_token'),
  token('npm', 'npm_[A-Za-z0-9]{36}'),
  token('pypi', 'pypi-AgE[A-Za-z0-9_-]{50,}'),
  token('rubygems', 'rubygems_[0-9a-f]{48}'),
  token('docker', 'dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}'),
  apiKey('sendgrid', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  apiKey('mailgun', 'key-[0-9a-f]{32}'),
  apiKey('mailchimp', '[0-9a-f]{32}-us[0-9]{1,2}'),
  apiKey('resend', 're_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}'),
  apiKey('twilio', 'SK[0-9a-f]{32}'),
  token('digitalocean', 'do[opr]_v1_[0-9a-f]{64}'),
  token('heroku', 'HRKU-AA[A-Za-z0-9_-]{50,}'),
  token('huggingface', 'hf_[A-Za-z0-9]{34}'),
  token('replicate', 'r8_[A-Za-z0-9]{37}'),
  apiKey('groq', 'gsk_[A-Za-z0-9]{40,}'),
  apiKey('xai', 'xai-[A-Za-z0-9]{60,}'),
  apiKey('perplexity', 'pplx-[A-Za-z0-9]{40,}'),
  token('shopify', 'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}', 'access_token'),
  apiKey('square', 'sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}'),
  apiKey('linear', 'lin_(?:api|oauth)_[A-Za-z0-9]{32,}'),
  token('notion', 'ntn_[A-Za-z0-9]{40,}'),
  token('airtable', 'pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}'),
  token('atlassian', 'ATATT3[A-Za-z0-9_=-]{60,}', 'api_token'),
  token('figma', 'figd_[A-Za-z0-9_-]{40,}'),
  token('vault', 'hv[sbr]\\.[A-Za-z0-9_-]{24,}'),
  token('terraform', '[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,}'),
  token('doppler', 'dp\\.(?:pt|st|sa|ct|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}'),
  token('onepassword', 'ops_eyJ[A-Za-z0-9_=-]{60,}', 'service_account_token'),
  token('databricks', 'dapi[0-9a-f]{32}(?:-[0-9])?'),
  apiKey('newrelic', 'NRAK-[A-Z0-9]{27}'),
  token('grafana', 'glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}', 'service_account_token'),
  token('tailscale', 'tskey-[a-z]{3,10}-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,}', 'auth_key'),
  token('netlify', 'nfp_[A-Za-z0-9]{36}'),
  token('fly', 'fm[12][ar]?_[A-Za-z0-9+/=_-]{60,}|fo1_[A-Za-z0-9_-]{43}'),
  token('render', 'rnd_[A-Za-z0-9]{28}'),
  apiKey('neon', 'napi_[A-Za-z0-9]{60,}'),
  apiKey('pinecone', 'pcsk_[A-Za-z0-9]{4,10}_[A-Za-z0-9]{50,}'),
  apiKey('langsmith', 'lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}'),
  apiKey('tavily', 'tvly-(?:(?:dev|prod)-)?[A-Za-z0-9]{32}'),
  apiKey('elevenlabs', 'sk_[0-9a-f]{48}'),
  apiKey('posthog', 'phx_[A-Za-z0-9]{40,}'),
  token('sentry', 'sntry[su]_[A-Za-z0-9+/=_-]{60,}'),
  token('supabase', 'sbp_[0-9a-f]{40}'),
  apiKey('supabase', 'sb_secret_[A-Za-z0-9_-]{20,}', 'secret_key'),
  token('planetscale', 'pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.-]{32,}'),
  apiKey('postman', 'PMAK-[0-9a-f]{24}-[0-9a-f]{34}'),
  { provider: 'age', kind: 'private_key', name: 'private_key', form: whole('AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}') },
  { provider: 'azure', kind: 'api_key', name: 'storage_key', form: /AccountKey=([A-Za-z0-9+/]{86}==)/g },
  { provider: 'jwt', kind: 'jwt', name: 'token', form: whole('eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{20,}') },
];

/** `scheme://user:PASSWORD@host`: the first group is the scheme, the second the password. */
export const connectionUrl = /(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{1,20}):\/\/[^\s:@/?#'"`<>]{0,100}:([^\s@/'"`<>]{3,300})@[^\s@'"`<>]/gi;

/** `Authorization: Bearer …`, wherever it stands. */
export const authorization = /\b(?:Bearer|Basic|Token)\s{1,4}([A-Za-z0-9._~+/-]{20,}={0,2})/g;

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { TLSSocket } from 'node:tls';
import { SupervisorError } from '@supervisor/core';
import { createRedactor } from '../redact/index.js';
import { addressProblem } from './addresses.js';
import { connectPublic, exchange, type Connect, type Reply } from './exchange.js';
import { checkHeaders, shownHeaders } from './headers.js';
import { fill, pathsIn } from './placeholders.js';
import { parseTarget, type Target } from './target.js';

/** A secret as a request takes it. */
export interface SendableSecret {
  path: string;
  value: string;
  /** The exact hosts it may be sent to. */
  allowedHosts: readonly string[];
}

export interface RequesterOptions {
  /** Values for these paths, whatever their exposure. */
  use(paths: readonly string[]): Promise<readonly SendableSecret[]>;
  /** All addresses of a name. */
  resolve?(hostname: string): Promise<string[]>;
  connect?: Connect;
}

export interface HttpRequest {
  url: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  /** Text; base64 when it is not valid UTF-8. */
  body: string;
  encoding: 'utf8' | 'base64';
  /** The body was longer than 256 KiB: this is its beginning. */
  truncated: boolean;
}

const longestMilliseconds = 30_000;
const largestAnswer = 256 * 1024;

/** Sends requests that hold secrets to the hosts that their owner allows, and hides the values in what comes back. */
export class HttpRequester {
  readonly #use: RequesterOptions['use'];
  readonly #resolve: NonNullable<RequesterOptions['resolve']>;
  readonly #connect: Connect;

  constructor({ use, resolve = addressesOf, connect = connectPublic }: RequesterOptions) {
    this.#use = use;
    this.#resolve = resolve;
    this.#connect = connect;
  }

  /**
   * Fills in `{{secret:path}}` and sends; never follows a redirect.
   * @throws SupervisorError `invalid_input`, `not_found`, `forbidden` for a host that a secret may not go to or an address that is not public,
   * `unavailable` when nothing was sent, `outcome_unknown` when no answer came
   */
  async request(request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> {
    const target = parseTarget(request.url);
    checkHeaders(request.headers ?? {});
    const paths = pathsOf(request);
    if (paths.length === 0)
      throw new SupervisorError(
        'invalid_input',
        'The request names no secret: write {{secret:path}} where its value belongs, such as {{secret:shop/stripe/api_key}}. What needs none goes with any other HTTP client.',
      );
    const secrets = await this.#use(paths);
    for (const secret of secrets) checkHost(secret, target.host);
    const message = { method: request.method, ...filled(request, target, secrets) };

    const deadline = AbortSignal.any([AbortSignal.timeout(longestMilliseconds), ...(signal ? [signal] : [])]);
    const socket = await this.#open(target, deadline);
    try {
      return hide(await exchange(socket, message, { signal: deadline, largest: largestAnswer }), secrets);
    } catch (error) {
      if (error instanceof SupervisorError) throw error;
      throw new SupervisorError(
        'outcome_unknown',
        `${target.host} was sent the request and gave no complete answer${reason(error)}. Look there whether it was done before sending it again.`,
      );
    } finally {
      socket.destroy();
    }
  }

  // The name is resolved once, and what was checked is what is connected to: a second answer changes nothing.
  async #open({ hostname, port, host }: Target, signal: AbortSignal): Promise<TLSSocket> {
    const addresses = await untilAborted(this.#resolve(hostname), signal).catch((error) => {
      throw unreachable(host, error);
    });
    for (const address of addresses) {
      const problem = addressProblem(address);
      if (problem)
        throw new SupervisorError(
          'forbidden',
          `${hostname} resolves to ${address}, which is ${problem}: secrets go to public addresses only.`,
        );
    }
    let failure: unknown = new Error('no address');
    for (const address of addresses) {
      const socket = this.#connect({ address, port, servername: hostname, signal });
      socket.on('error', () => {});
      try {
        await once(socket, 'secureConnect', { signal });
        return socket;
      } catch (error) {
        socket.destroy();
        failure = error;
        if (signal.aborted) break;
      }
    }
    throw unreachable(host, failure);
  }
}

/** The secrets that a request asks for. */
export function pathsOf({ url, headers = {}, body = '' }: Pick<HttpRequest, 'url' | 'headers' | 'body'>): string[] {
  return pathsIn([url, ...Object.values(headers), body].join('\n'));
}

function checkHost({ path, allowedHosts }: SendableSecret, host: string): void {
  if (allowedHosts.includes(host)) return;
  throw new SupervisorError(
    'forbidden',
    `${path} may not be sent to ${host}. Its owner allows a host with: supervisor secrets allow-hosts ${path} ${[...allowedHosts, host].join(',')}`,
    { path, host, allowedHosts },
  );
}

function filled({ headers = {}, body }: HttpRequest, target: Target, secrets: readonly SendableSecret[]) {
  const values = new Map(secrets.map(({ path, value }) => [path, value]));
  const query = fill(target.query, values, encodeURIComponent);
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const all: Record<string, string> = { 'user-agent': 'supervisor', accept: '*/*' };
  for (const [name, text] of Object.entries(headers)) all[name.toLowerCase()] = fill(text, values, asHeader);
  const content = body === undefined ? undefined : fill(body, values, writerFor(type));
  Object.assign(all, { host: target.host, connection: 'close', 'accept-encoding': 'identity' });
  if (content !== undefined) all['content-length'] = String(Buffer.byteLength(content));
  for (const [name, text] of Object.entries(all)) checkHeaderText(name, text);
  const path = query === '' ? target.pathname : `${target.pathname}?${query}`;
  return { path: encodeURI(path).replaceAll('%25', '%'), headers: all, body: content };
}

// A value must not end the string or field that it stands in.
function writerFor(type: string): (value: string) => string {
  if (/json/i.test(type)) return (value) => JSON.stringify(value).slice(1, -1);
  if (/x-www-form-urlencoded/i.test(type)) return encodeURIComponent;
  return (value) => value;
}

function asHeader(value: string, path: string): string {
  const text = value.trim();
  if (/[^\t\x20-\x7e]/.test(text))
    throw new SupervisorError('invalid_input', `${path} cannot stand in a header: it has several lines or is not ASCII.`);
  return text;
}

function checkHeaderText(name: string, text: string): void {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw new SupervisorError('invalid_input', `The header ${name} holds a character that no header may.`);
}

function hide({ status, headers, body, cut }: Reply, secrets: readonly SendableSecret[]): HttpAnswer {
  const named = secrets.map(({ path, value }) => ({ name: path, value }));
  const listed = Object.entries(shownHeaders(headers));
  // Where the body was cut, no form may be left out: how much of its end is not shown goes by the longest one.
  const all = cut ? undefined : Buffer.concat([Buffer.from(listed.map(([, value]) => `${value}\n`).join('')), body]);
  const redactor = createRedactor(named, all);
  const shown = listed.map(([name, value]) => [name, redactor.text(value)]);
  const clean = redactor.bytes(body, { cut });
  // A cut may go through a character.
  const text = cut ? new StringDecoder('utf8').write(clean) : clean.toString();
  const encoding = Buffer.from(text).equals(cut ? clean.subarray(0, Buffer.byteLength(text)) : clean) ? 'utf8' : 'base64';
  return {
    status,
    headers: Object.fromEntries(shown),
    body: encoding === 'utf8' ? text : clean.toString('base64'),
    encoding,
    truncated: cut,
  };
}

async function addressesOf(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return Promise.race([work, once(signal, 'abort').then(() => Promise.reject(signal.reason as Error))]);
}

function unreachable(host: string, error: unknown): SupervisorError {
  return new SupervisorError('unavailable', `${host} cannot be reached${reason(error)}. Nothing was sent.`);
}

// A code only: an error's text may hold what was sent.
function reason(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { name?: unknown } };
  if (name === 'TimeoutError' || cause?.name === 'TimeoutError') return ` within ${longestMilliseconds / 1000} seconds`;
  return typeof code === 'string' && /^[A-Z_0-9]{2,60}$/.test(code) ? ` (${code})` : '';
}

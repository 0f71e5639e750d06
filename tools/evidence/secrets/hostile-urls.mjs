import { HttpRequester } from '@supervisor/secrets';
import { addressesToResolve, hostileUrls, sameHost } from './url-table.mjs';
import { tlsServer } from './tls-server.mjs';

const allowed = ['api.example.com', 'odd.example.com:8443'];
const publicAddress = '93.184.216.34';
const path = 'shop/acme/key';

/** `http_request` and a table of hostile URLs, with a resolver and a connect function that count. */
export const hostile = {
  name: 'hostile-urls',
  goal: '≥ 200 hostile URLs, redirects and resolvers: 0 connections to what is not allowed; what is allowed does connect',
  sizes: { atLeast: 200 },
  async run(stage, { sizes }) {
    const server = await tlsServer(stage, ['api.example.com', 'odd.example.com']);
    const problems = [];
    const trial = (options) => request(server, options);

    // An owner who allowed everything: an address is refused as it is written, a name for what it resolves to.
    const anything = { includes: () => true };
    for (const { url, why, names } of hostileUrls) {
      const trials = { 'not allowed': {}, allowed: { hosts: anything, resolve: () => [names ? '169.254.169.254' : publicAddress] } };
      for (const [list, options] of Object.entries(trials)) {
        const { connections, answer, error } = await trial({ url, ...options });
        const typed = ['invalid_input', 'forbidden'].includes(error?.code);
        if (connections.length > 0 || answer || !typed)
          problems.push(`${why} ${url} (${list}): ${connections.length} connections, ${error?.code ?? error?.message ?? 'an answer'}`);
      }
    }
    // A host that is allowed, and a resolver that answers with what is not public, alone and beside what is.
    let resolved = 0;
    for (const address of addressesToResolve) {
      for (const addresses of [[address], [publicAddress, address], [address, publicAddress]]) {
        resolved++;
        const { connections, error } = await trial({ url: 'https://api.example.com/', resolve: () => addresses });
        if (connections.length > 0 || error?.code !== 'forbidden')
          problems.push(`resolved to ${addresses.join(' and ')}: ${connections.length} connections, ${error?.code ?? 'an answer'}`);
      }
    }
    problems.push(...(await rebinding(trial)), ...(await redirects(trial, server)));
    let connected = 0;
    for (const [url, host] of sameHost) {
      const { connections, answer, error } = await trial({ url });
      const right = connections.length === 1 && connections[0].servername === host && connections[0].address === publicAddress;
      if (right && answer?.status === 200) connected++;
      else problems.push(`allowed ${url}: ${connections.length} connections, ${error?.message ?? answer?.status}`);
    }
    if (hostileUrls.length < sizes.atLeast) problems.push(`only ${hostileUrls.length} URLs`);
    const figure = `${hostileUrls.length} URLs, ${resolved} answers of resolvers, ${redirectTo.length} redirects, a rebinding resolver: ${problems.length} deviations; ${connected} of ${sameHost.length} allowed requests connected`;
    return { holds: problems.length === 0, figure, problems };
  },
};

async function request(server, { url, hosts = allowed, resolve = () => [publicAddress] }) {
  const connections = [];
  const requester = new HttpRequester({
    use: async () => [{ path, value: 'acme-fake-9fQ2x7Zk', allowedHosts: hosts }],
    resolve: async (hostname) => resolve(hostname),
    connect(to) {
      connections.push(to);
      return server.connect(to);
    },
  });
  try {
    const answer = await requester.request({ url, method: 'GET', headers: { authorization: `Bearer {{secret:${path}}}` } });
    return { connections, answer };
  } catch (error) {
    return { connections, error };
  }
}

/** Public at the first question, loopback at each later one. */
async function rebinding(trial) {
  let asked = 0;
  const resolve = () => (asked++ === 0 ? [publicAddress] : ['127.0.0.1']);
  const first = await trial({ url: 'https://api.example.com/', resolve });
  const problems = [];
  if (asked !== 1 || first.connections.length !== 1 || first.connections[0].address !== publicAddress)
    problems.push(`rebinding: asked ${asked} times, connected to ${first.connections.map(({ address }) => address)}`);
  const second = await trial({ url: 'https://api.example.com/', resolve });
  if (second.connections.length > 0 || second.error?.code !== 'forbidden') problems.push('rebinding: the second request connected');
  return problems;
}

const redirectTo = [301, 302, 303, 307, 308].flatMap((status) =>
  ['https://127.0.0.1/', 'http://169.254.169.254/latest/meta-data/', 'https://evil.example.net/', 'https://api.example.com/again'].map(
    (location) => ({ status, location }),
  ),
);

async function redirects(trial, server) {
  const problems = [];
  for (const { status, location } of redirectTo) {
    server.answer = (_request, response) => response.writeHead(status, { location }).end();
    const { connections, answer } = await trial({ url: 'https://api.example.com/' });
    if (connections.length !== 1 || answer?.status !== status)
      problems.push(`${status} to ${location}: ${connections.length} connections, answer ${answer?.status}`);
  }
  server.answer = undefined;
  return problems;
}

import { BlockList, isIP } from 'node:net';

/** A block of addresses that no request goes to. */
interface Refused {
  block: `${string}/${number}`;
  what: string;
  /** Where it is set apart. */
  by: string;
}

/**
 * What is not another machine on the public internet, after the IANA special-purpose registries (RFC 6890). Blocks that
 * carry an IPv4 address inside an IPv6 one are refused whole, whatever they carry.
 */
const refused: readonly Refused[] = [
  { block: '0.0.0.0/8', what: 'this network', by: 'RFC 791' },
  { block: '10.0.0.0/8', what: 'private', by: 'RFC 1918' },
  { block: '100.64.0.0/10', what: 'shared by a carrier, and some metadata services', by: 'RFC 6598' },
  { block: '127.0.0.0/8', what: 'loopback', by: 'RFC 1122' },
  { block: '168.63.129.16/32', what: "a cloud's metadata service", by: 'Azure' },
  { block: '169.254.0.0/16', what: 'link-local, and most metadata services', by: 'RFC 3927' },
  { block: '172.16.0.0/12', what: 'private', by: 'RFC 1918' },
  { block: '192.0.0.0/24', what: 'protocol assignments', by: 'RFC 6890' },
  { block: '192.0.2.0/24', what: 'documentation', by: 'RFC 5737' },
  { block: '192.31.196.0/24', what: 'AS112', by: 'RFC 7535' },
  { block: '192.52.193.0/24', what: 'multicast relays', by: 'RFC 7450' },
  { block: '192.88.99.0/24', what: '6to4 relays', by: 'RFC 7526' },
  { block: '192.168.0.0/16', what: 'private', by: 'RFC 1918' },
  { block: '192.175.48.0/24', what: 'AS112', by: 'RFC 7534' },
  { block: '198.18.0.0/15', what: 'benchmarks', by: 'RFC 2544' },
  { block: '198.51.100.0/24', what: 'documentation', by: 'RFC 5737' },
  { block: '203.0.113.0/24', what: 'documentation', by: 'RFC 5737' },
  { block: '224.0.0.0/4', what: 'multicast', by: 'RFC 5771' },
  { block: '240.0.0.0/4', what: 'reserved, and broadcast', by: 'RFC 1112, RFC 919' },
  { block: '::/128', what: 'unspecified', by: 'RFC 4291' },
  { block: '::1/128', what: 'loopback', by: 'RFC 4291' },
  { block: '::/96', what: 'IPv4-compatible', by: 'RFC 4291' },
  { block: '::ffff:0:0/96', what: 'IPv4-mapped', by: 'RFC 4291' },
  { block: '::ffff:0:0:0/96', what: 'IPv4-translated', by: 'RFC 2765' },
  { block: '64:ff9b::/96', what: 'NAT64', by: 'RFC 6052' },
  { block: '64:ff9b:1::/48', what: 'local NAT64', by: 'RFC 8215' },
  { block: '100::/64', what: 'discard', by: 'RFC 6666' },
  { block: '2001::/23', what: 'protocol assignments, Teredo among them', by: 'RFC 2928, RFC 4380' },
  { block: '2001:db8::/32', what: 'documentation', by: 'RFC 3849' },
  { block: '2002::/16', what: '6to4', by: 'RFC 3056' },
  { block: '2620:4f:8000::/48', what: 'AS112', by: 'RFC 7534' },
  { block: '3fff::/20', what: 'documentation', by: 'RFC 9637' },
  { block: '5f00::/16', what: 'segment routing', by: 'RFC 9602' },
  { block: 'fc00::/7', what: 'unique local', by: 'RFC 4193' },
  { block: 'fe80::/10', what: 'link-local', by: 'RFC 4291' },
  { block: 'fec0::/10', what: 'site-local', by: 'RFC 3879' },
  { block: 'ff00::/8', what: 'multicast', by: 'RFC 4291' },
];

const lists = refused.map((row) => ({ ...row, list: blocks([row.block]) }));
// All that is given out to hosts so far: what is outside is refused without a name.
const global = blocks(['2000::/3']);

/** Why no request goes to an address; undefined when it may be another machine on the public internet. */
export function addressProblem(address: string): string | undefined {
  const family = isIP(address);
  // A zone names an interface of this machine.
  if (family === 0 || address.includes('%')) return 'not an address';
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const row = lists.find(({ block, list }) => block.includes(':') === (family === 6) && list.check(address, kind));
  if (row) return `${row.what} (${row.block}, ${row.by})`;
  return family === 6 && !global.check(address, 'ipv6') ? 'outside global unicast (2000::/3, RFC 4291)' : undefined;
}

function blocks(all: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of all) {
    const [net, bits] = block.split('/') as [string, string];
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

import assert from 'node:assert/strict';

/** What must be true of every step, said without the model's own rules. */
export function checkInvariants(before, command, answer, after, range) {
  const services = [...after.held.values()].map(({ service }) => service);
  assert.equal(new Set(services).size, services.length, 'a service has one port');
  for (const [port, { service }] of before.held) {
    const now = after.held.get(port);
    assert(now === undefined || now.service === service, 'a port never changes hands in one step');
    if (now === undefined) assertMayGo(before, command, port);
  }
  if (command.kind === 'allocate' && answer !== 'exhausted') assertGrant(before, command, answer, range);
  if (command.kind === 'allocate' && answer === 'exhausted') {
    for (let port = range.first; port <= range.last; port++) assert(!isGivable(before, port, range), `${port} could have been given`);
  }
  if (command.kind === 'restart') assert.deepEqual({ ...after }, { ...before }, 'a restart forgets nothing');
}

function assertGrant(before, { service }, { port, created }, range) {
  const own = [...before.held].find(([, row]) => row.service === service)?.[0];
  if (own !== undefined) return assert(port === own && !created, 'asking again gives the same port');
  assert(created && isGivable(before, port, range), 'a new port is in the range, not denied, nobody’s, and really free');
  for (let lower = range.first; lower < port; lower++) assert(!isGivable(before, lower, range), 'the lowest is given');
}

function isGivable({ held, listening, quarantine, now }, port, { first, last, denied }) {
  const inRange = port >= first && port <= last && !denied.includes(port);
  return inRange && !held.has(port) && !listening.has(port) && (quarantine.get(port) ?? -Infinity) <= now;
}

// Only its owner, or a sweep of a lease that is over, idle, and was seen idle before, at least a minute ago.
function assertMayGo({ held, listening, now }, command, port) {
  const { service, expires, sweeps, swept } = held.get(port);
  if (command.kind === 'release') return assert.equal(command.service, service, 'only its owner releases a port');
  assert.equal(command.kind, 'sweep', 'nothing else takes a port back');
  assert(expires !== null, 'what was given for good is never taken back');
  assert(expires <= now && !listening.has(port), 'a lease goes when it is over and nothing listens');
  assert(sweeps >= 1 && swept <= now - 60, 'two sweeps a minute apart saw it idle');
}

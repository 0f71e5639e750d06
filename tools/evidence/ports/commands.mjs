import fc from 'fast-check';

/** A small range, so that it fills up; 64004 is denied. Above what the kernel gives to outgoing connections. */
export const range = { first: 64_000, last: 64_009, denied: [64_004] };

const service = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l');
const port = fc.integer({ min: range.first, max: range.last });
const seconds = fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined });
const of = (kind, fields = {}) => fc.record({ kind: fc.constant(kind), ...fields });

/** One thing that happens to the ledger. */
const command = fc.oneof(
  { weight: 8, arbitrary: of('allocate', { service, seconds }) },
  { weight: 2, arbitrary: of('pin', { service, port, seconds }) },
  { weight: 3, arbitrary: of('release', { service }) },
  { weight: 2, arbitrary: of('listen', { port }) },
  { weight: 2, arbitrary: of('silence', { port }) },
  { weight: 4, arbitrary: of('wait', { seconds: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 4, arbitrary: of('sweep') },
  { weight: 1, arbitrary: of('restart') },
);

/** Twenty to thirty of them. */
export const history = fc.array(command, { minLength: 20, maxLength: 30, size: 'max' });

/** What a command does to the model; answers as the ledger must. */
export function runOnModel(model, command) {
  switch (command.kind) {
    case 'allocate':
      return model.allocate(command.service, command.seconds);
    case 'pin':
      return model.pin(command.service, command.port, command.seconds);
    case 'release':
      return model.release(command.service);
    case 'sweep':
      return model.sweep();
    case 'listen':
      return void model.listening.add(command.port);
    case 'silence':
      return void model.listening.delete(command.port);
    case 'wait':
      return void (model.now += command.seconds);
    // The ledger remembers everything that counts: a restart changes nothing.
    case 'restart':
      return undefined;
  }
}

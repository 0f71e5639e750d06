// Required by each process that a test starts: one that lives for seconds does not spend half of them on optimising its code and its database's.
const { setFlagsFromString } = require('node:v8');

for (const flag of ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--no-opt']) setFlagsFromString(flag);

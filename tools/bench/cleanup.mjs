const actions = [];
let begun = false;

/** Has an action run at the end, however the benchmark ends; the last one first. */
export function atEnd(action) {
  if (begun) throw new Error('The benchmark is ending.');
  actions.push(action);
}

/** Runs what `atEnd` was given. One failure does not keep the others from running. */
export async function cleanUp() {
  begun = true;
  for (const action of actions.toReversed()) await Promise.resolve(action()).catch((error) => console.error(error));
}

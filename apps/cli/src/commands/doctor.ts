import type { Caller } from '../caller.js';
import { examine } from '../doctor/examine.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor doctor [--json]

Looks at everything this home rests on and says what is wrong and how to mend it. It changes nothing; the exit code is 1
when something is wrong.

  --json  for machines

Example: supervisor doctor
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values } = parseFlags(words, { json: { type: 'boolean' } });
  const findings = await examine(caller);
  if (findings.some(({ mend }) => mend !== undefined)) process.exitCode = 1;
  if (values.json) return console.log(JSON.stringify({ findings }));
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, found, mend } of findings) {
    console.log(`${mend === undefined ? 'ok' : '!!'}  ${what.padEnd(width)}  ${found}`);
    if (mend !== undefined) console.log(`    ${' '.repeat(width)}  → ${mend}`);
  }
}

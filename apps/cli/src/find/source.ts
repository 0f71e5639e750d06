import type { CommandPort } from './command-line.js';
import { isPort } from './service.js';

/** The port that a server's own code listens on: taken from the environment, or fixed. */
export function portOfSource(text: string, variable: string): CommandPort | undefined {
  const read = /process\.env(?:\.|\[['"])([A-Z0-9_]*PORT)(?:['"]\])?\s*(?:\|\||\?\?)\s*['"]?(\d{2,5})/.exec(text);
  if (read && isPort(read[2])) return { port: Number(read[2]), variable: read[1]! };
  const fixed = /(\.listen\(\s*(?:\{\s*port:\s*)?)(\d{2,5})(?=\s*[,)}])/.exec(text);
  if (!fixed || !isPort(fixed[2])) return undefined;
  return { port: Number(fixed[2]), variable, edit: { from: fixed[0], to: `${fixed[1]}process.env.${variable} ?? ${fixed[2]}` } };
}

/** The port of a vite or webpack configuration: `server: { port: 3000 }`. */
export function portOfConfig(text: string, variable: string): CommandPort | undefined {
  const read = /port:\s*Number\(process\.env\.([A-Z0-9_]*PORT)\s*(?:\|\||\?\?)\s*(\d{2,5})\)/.exec(text);
  if (read && isPort(read[2])) return { port: Number(read[2]), variable: read[1]! };
  const fixed = /\b(?:server|devServer)\s*:\s*\{[^{}]*?\b(port:\s*)(\d{2,5})\b/.exec(text);
  if (!fixed || !isPort(fixed[2])) return undefined;
  const from = fixed[0];
  const to = from.slice(0, -fixed[2].length) + `Number(process.env.${variable} ?? ${fixed[2]})`;
  return { port: Number(fixed[2]), variable, edit: { from, to } };
}

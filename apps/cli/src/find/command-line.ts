import { isPort, type Edit } from './service.js';

/** What a command line says of the port it will listen on. */
export interface CommandPort {
  port: number;
  variable: string;
  edit?: Edit;
}

// A server's usual port, its flag, and whether it takes PORT from the environment.
const servers: { word: string; port: number; flag?: string }[] = [
  { word: 'next', port: 3000 },
  { word: 'nuxt', port: 3000 },
  { word: 'nuxi', port: 3000 },
  { word: 'react-scripts', port: 3000 },
  { word: 'vite', port: 5173, flag: '--port' },
  { word: 'astro', port: 4321, flag: '--port' },
  { word: 'ng', port: 4200, flag: '--port' },
  { word: 'webpack-dev-server', port: 8080, flag: '--port' },
  { word: 'http-server', port: 8080, flag: '-p' },
  { word: 'storybook', port: 6006, flag: '-p' },
];

const notServing = /\b(?:vite|astro|next|nuxt|nuxi|ng|react-scripts)\s+(?:build|preview|check|test|lint|generate|optimize|export)\b/;

/** The port of a shell command of a package.json script or a Procfile: given in it, or its server's usual one. */
export function portOfCommand(command: string, variable: string): CommandPort | undefined {
  return portGivenIn(command, variable) ?? (notServing.test(command) ? undefined : usualPort(command, variable));
}

/** The port that stands in a shell command. */
export function portGivenIn(command: string, variable: string): CommandPort | undefined {
  const flagged = /(^|\s)(--port[= ]|-p[= ]?)(\d{2,5})(?=\s|$)/.exec(command);
  if (flagged && isPort(flagged[3])) {
    const [text, space, flag, port] = flagged as unknown as [string, string, string, string];
    return { port: Number(port), variable, edit: { from: text, to: `${space}${flag}${expansion(variable, port)}` } };
  }
  const expanded = /\$\{([A-Z0-9_]*PORT):-(\d{2,5})\}/.exec(command);
  if (expanded && isPort(expanded[2])) return { port: Number(expanded[2]), variable: expanded[1]! };
  const assigned = /(^|\s)((?:[A-Z0-9_]+_)?PORT)=(\d{2,5})(?=\s)/.exec(command);
  if (!assigned || !isPort(assigned[3])) return undefined;
  const [text, space, name, port] = assigned as unknown as [string, string, string, string];
  // PORT is the main service's: another one's program gets it from its own.
  const own = name === 'PORT' ? variable : name;
  return { port: Number(port), variable: own, edit: { from: text, to: `${space}${name}=${expansion(own, port)}` } };
}

// They are told their port, so that no usual one is known.
const toldServers =
  /(?:^|[\s/])(?:json-server|live-server|serve|wrangler|nodemon|uvicorn|hypercorn|gunicorn|flask|rails|manage\.py runserver)(?=\s)/;

/** Whether a shell command starts a server, rather than a client that is told where one listens. */
export function startsServer(command: string): boolean {
  return !notServing.test(command) && (toldServers.test(command) || usualPort(command, 'PORT') !== undefined);
}

function usualPort(command: string, variable: string): CommandPort | undefined {
  for (const { word, port, flag } of servers) {
    const found = new RegExp(`(^|[\\s/])${word}((?:\\s+(?:dev|start|serve))?)(?=\\s|$)`).exec(command);
    if (!found) continue;
    if (flag === undefined) return { port, variable: 'PORT' };
    return { port, variable, edit: { from: found[0], to: `${found[0]} ${flag} ${expansion(variable, String(port))}` } };
  }
  return undefined;
}

/** What a shell and compose put a variable's value for, or the old port when it is not set. */
export function expansion(variable: string, port: string): string {
  return `\${${variable}:-${port}}`;
}

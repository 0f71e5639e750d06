import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { slugOf } from '@supervisor/client';
import { readDotenv } from '../read-dotenv.js';
import { portGivenIn, portOfCommand, startsServer, type CommandPort } from './command-line.js';
import { portsOfCompose } from './compose.js';
import { isBackingPort, isPort, serviceOf, variableOf, type Edit, type FoundService } from './service.js';
import { portOfConfig, portOfSource } from './source.js';

const largestFile = 512 * 1024;
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const configFiles = ['vite.config.ts', 'vite.config.js', 'vite.config.mjs', 'vite.config.mts', 'webpack.config.js'];
const serving = ['dev', 'start', 'serve', 'develop'];

// They serve nobody, or what another script serves.
const notServing = /(?:^|:)(?:pre|post)?(?:test|e2e|build|lint|check|preview|bench|deploy|release)/;

// What a script that serves is called besides.
const servers = [
  'server',
  'api',
  'web',
  'app',
  'worker',
  'ui',
  'frontend',
  'backend',
  'client',
  'admin',
  'site',
  'docs',
  'storybook',
  'mock',
];
const clients =
  /(?<![\w-])(?:migrat(?:e|ions?)|seed|reset|db|database|sql|psql|mysql|mongosh|redis|redis-cli|ssh|sftp|rsync|tunnel|shell|console|clean|wait|kill|stop|curl|tests?|e2e)(?![\w/-])/;

/**
 * The services that the files of one folder start, each once. Reads only; what cannot be read counts as absent.
 * @param main the name of the folder's main service, whose port is in `PORT`
 */
export function findServices(folder: string, main = 'web'): FoundService[] {
  const found = [...fromEnv(folder, main), ...fromPackage(folder, main), ...fromProcfile(folder, main), ...fromCompose(folder)];
  const services = new Map<string, FoundService>();
  for (const next of found) {
    const known = services.get(next.service);
    // .env says which port, a script or a source may still have to learn to read it.
    if (known) services.set(next.service, { ...known, ...(next.edit && !known.edit ? { edit: next.edit, file: next.file } : {}) });
    else services.set(next.service, next);
  }
  return [...services.values()];
}

function fromEnv(folder: string, main: string): FoundService[] {
  return ['.env', '.env.local', '.env.development'].flatMap((file) => {
    const text = read(folder, file);
    if (text === undefined) return [];
    return Object.entries(readDotenv(text)).flatMap(([variable, value]) => {
      if (!/^(?:[A-Za-z_]\w*_)?PORT$/.test(variable) || !isPort(value) || isBackingPort(Number(value))) return [];
      return [{ service: serviceOf(variable, main), variable, port: Number(value), file }];
    });
  });
}

function fromPackage(folder: string, main: string): FoundService[] {
  const scripts = readScripts(folder);
  const own = fromMainScript(folder, main, scripts);
  const others = Object.entries(scripts).flatMap(([name, script = '']) => {
    if (serving.includes(name) || notServing.test(name)) return [];
    const service = slugOf(
      name
        .split(/[:.]/)
        .filter((part) => !serving.includes(part))
        .join('-'),
    );
    const found = service === undefined ? undefined : portGivenIn(script, variableOf(service));
    // The port of the main script is the same service started in another way.
    if (!found || service === undefined || own.some(({ port }) => port === found.port)) return [];
    if (isBackingPort(found.port) || !serves(name, script, found.variable === variableOf(service))) return [];
    const edit = scriptEdit(folder, name, script, found);
    return [{ service, variable: found.variable, port: found.port, file: 'package.json', ...(edit ? { edit } : {}) }];
  });
  return [...own, ...others];
}

// A port in a script may be where its program listens, or where it calls.
function serves(name: string, script: string, ownVariable: boolean): boolean {
  const words = name.split(/[:._-]/);
  if (clients.test(words.join(' '))) return false;
  if (words.some((part) => [...serving, ...servers].includes(part)) || startsServer(script)) return true;
  // A variable of its own, PORT=4000 or ${ADMIN_PORT:-4000}, is made to listen by.
  return ownVariable && /PORT(?:=|:-)/.test(script) && !clients.test(script);
}

function fromMainScript(folder: string, main: string, scripts: Record<string, string | undefined>): FoundService[] {
  const [name, script] = serving.map((name) => [name, scripts[name]] as const).find(([, script]) => script !== undefined) ?? [];
  if (name === undefined || script === undefined) return [];
  const inScript = portOfCommand(script, 'PORT');
  const config = configFiles.map((file) => ({ file, found: portOfText(folder, file, portOfConfig) })).find(({ found }) => found);
  // A flag of the script wins over the configuration, the configuration over what is usual.
  const usual = inScript?.edit !== undefined && !/\d/.test(inScript.edit.from);
  if (config?.found && (!inScript || usual)) return [named(config.found, main, config.file)];
  if (inScript) return [named(inScript, main, 'package.json', scriptEdit(folder, name, script, inScript))];
  const [, source] = /\b(?:node|tsx|ts-node|nodemon|bun(?: run)?)\s+(?:--?\S+\s+)*([\w./-]+\.[cm]?[jt]s)\b/.exec(script) ?? [];
  const inSource = source === undefined ? undefined : portOfText(folder, source, portOfSource);
  return inSource ? [named(inSource, main, source!)] : [];
}

function fromProcfile(folder: string, main: string): FoundService[] {
  return (read(folder, 'Procfile') ?? '').split('\n').flatMap((line) => {
    const [, process, command] = /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(line) ?? [];
    if (!process || !command) return [];
    const service = process === 'web' ? main : process;
    const found = portOfCommand(command, process === 'web' ? 'PORT' : variableOf(process));
    return found ? [{ ...found, service, file: 'Procfile' }] : [];
  });
}

function fromCompose(folder: string): FoundService[] {
  const file = composeFiles.find((name) => existsSync(join(folder, name)));
  const text = file === undefined ? undefined : read(folder, file);
  return text === undefined ? [] : portsOfCompose(text).map((port) => ({ ...port, file: file! }));
}

function named(found: CommandPort, main: string, file: string, edit = found.edit): FoundService {
  const { port, variable } = found;
  return { service: serviceOf(variable, main), variable, port, file, ...(edit ? { edit } : {}) };
}

// The script as it stands in package.json: its command alone could also be found in a name or a dependency.
function scriptEdit(folder: string, name: string, script: string, { edit }: CommandPort): Edit | undefined {
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const line = new RegExp(`${escaped(JSON.stringify(name))}\\s*:\\s*${escaped(JSON.stringify(script))}`);
  const [from] = line.exec(read(folder, 'package.json') ?? '') ?? [];
  if (!edit || from === undefined) return undefined;
  const changed = script.replace(edit.from, () => edit.to);
  return { from, to: from.replace(JSON.stringify(script), () => JSON.stringify(changed)) };
}

function portOfText(folder: string, file: string, portOf: typeof portOfSource): CommandPort | undefined {
  const text = read(folder, file);
  return text === undefined ? undefined : portOf(text, 'PORT');
}

function readScripts(folder: string): Record<string, string | undefined> {
  try {
    return (JSON.parse(read(folder, 'package.json') ?? '{}') as { scripts?: Record<string, string> }).scripts ?? {};
  } catch {
    return {};
  }
}

function read(folder: string, file: string): string | undefined {
  const path = join(folder, file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > largestFile) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

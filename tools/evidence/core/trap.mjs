import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { query } from '../harness.mjs';

const longAgo = new Date('2020-01-01T00:00:00Z');

/** A project's folder and environment, full of settings that are not ours. Tells afterwards who touched them. */
export class Trap {
  constructor(stage, foreignUrl) {
    this.folder = join(stage.folder(), 'foreign');
    this.url = foreignUrl;
    mkdirSync(this.folder);
    this.envFile = join(this.folder, '.env');
    this.marks = join(this.folder, 'marks');
    const hook = join(this.folder, 'hook.cjs');
    writeFileSync(hook, `require('node:fs').appendFileSync(${JSON.stringify(this.marks)}, process.argv[1] + '\\n');\n`);
    this.env = {
      DATABASE_URL: foreignUrl,
      PGHOST: decodeURIComponent(foreignUrl.split('host=')[1]),
      PGDATABASE: 'foreign_one',
      PGUSER: 'test',
      ENCRYPTION_KEY: 'f0e1'.repeat(16),
      NODE_OPTIONS: `--require ${hook}`,
    };
    const lines = ['DATABASE_URL', 'ENCRYPTION_KEY', 'PGHOST'].map((name) => `${name}=${this.env[name]}\n`);
    writeFileSync(this.envFile, lines.join(''));
    // Older than the last change: then the next reading sets the time of access, also on file systems that save on that.
    utimesSync(this.envFile, longAgo, new Date());
  }

  /** Which foreign variables a running process was given. */
  seenBy(pid) {
    const environment = `/proc/${pid}/environ`;
    if (!existsSync(environment)) return [];
    const names = readFileSync(environment, 'utf8')
      .split('\0')
      .map((line) => line.split('=')[0]);
    return names.filter((name) => Object.hasOwn(this.env, name)).map((name) => `the service was given ${name}`);
  }

  /** What went into the trap: a service that ran the hook, a connection to the foreign database, a look into the foreign .env. */
  async findings(programs) {
    const found = [];
    const ran = existsSync(this.marks) ? readFileSync(this.marks, 'utf8').trim().split('\n') : [];
    if (!ran.includes(programs.pipe)) found.push('the hook of NODE_OPTIONS did not run even in the pipe: the trap is not armed');
    if (ran.includes(programs.api)) found.push('the service ran the hook of a foreign NODE_OPTIONS');
    if (recordsReading(this.folder) && statSync(this.envFile).atimeMs !== longAgo.getTime()) found.push('the foreign .env was read');
    const own = this.url.replace(/\/[^/]*\?/, '/postgres?');
    const [{ sessions }] = await query(own, "select sessions::int from pg_stat_database where datname = 'foreign_one'");
    if (sessions !== 0) found.push(`the foreign database was connected to ${sessions} times`);
    return found;
  }
}

// Some file systems keep no times of access: there the .env proves nothing.
function recordsReading(folder) {
  const control = join(folder, 'control');
  writeFileSync(control, 'x');
  utimesSync(control, longAgo, new Date());
  readFileSync(control);
  return statSync(control).atimeMs !== longAgo.getTime();
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir, platform, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Home } from '@supervisor/core/home';
import { program } from './program.js';
import { replaceFile } from './replace-file.js';

/** How this system starts our service at every login. */
export interface Unit {
  path: string;
  text: string;
  /** The commands that make the system know it, and forget it. */
  enable: string[][];
  disable: string[][];
}

const label = 'dev.supervisor.service';

/** A systemd user unit; on macOS a launchd agent. */
export function unitFor(home: Home): Unit {
  const command = [...program, '--unit', '--home', home.directory];
  return platform() === 'darwin' ? launchdAgent(command) : systemdUnit(command);
}

function systemdUnit(command: readonly string[]): Unit {
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  // Systemd reads % and $ for itself.
  const quoted = command.map((word) => `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`);
  return {
    path: join(config, 'systemd', 'user', 'supervisor.service'),
    text: `[Unit]
Description=Supervisor

[Service]
ExecStart=${quoted.join(' ')}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target
`,
    enable: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', 'supervisor.service'],
    ],
    disable: [['systemctl', '--user', 'disable', '--now', 'supervisor.service']],
  };
}

function launchdAgent(command: readonly string[]): Unit {
  const path = join(homedir(), 'Library', 'LaunchAgents', `${label}.plist`);
  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const domain = `gui/${userInfo().uid}`;
  return {
    path,
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${escape(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict>
</plist>
`,
    enable: [['launchctl', 'bootstrap', domain, path]],
    disable: [['launchctl', 'bootout', `${domain}/${label}`]],
  };
}

/** @returns the commands that the system did not take, for a person to run */
export function installUnit({ path, text, enable }: Unit): string[] {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, text);
  return failing(enable);
}

/** @returns whether there was one */
export function removeUnit({ path, disable }: Unit): boolean {
  if (!existsSync(path)) return false;
  failing(disable);
  rmSync(path);
  return true;
}

function failing(commands: string[][]): string[] {
  return commands
    .filter(([command = '', ...args]) => spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status !== 0)
    .map((words) => words.join(' '));
}

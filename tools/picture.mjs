// Draws docs/first-minutes.svg: commands really run in a fresh home, and what they printed. Usage: node tools/picture.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'supervisor-picture-'));
const env = { ...process.env, SUPERVISOR_HOME: join(folder, 'home'), SUPERVISOR_PORT: '3099' };

const scenes = [
  { in: 'shop', shown: 'supervisor start', args: ['start'] },
  { in: 'shop', shown: 'supervisor ports allocate web', args: ['ports', 'allocate', 'web'] },
  { in: 'blog', shown: 'supervisor ports allocate web', args: ['ports', 'allocate', 'web'] },
  {
    in: 'blog',
    shown: 'supervisor secrets store blog/mail/key --provider mail < key.txt',
    args: ['secrets', 'store', 'blog/mail/key', '--provider', 'mail'],
    input: 'not-a-real-key',
  },
  { in: 'blog', shown: 'supervisor secrets list', args: ['secrets', 'list'] },
  { in: 'blog', shown: 'supervisor ports list', args: ['ports', 'list'] },
  { in: 'blog', shown: 'supervisor ports get wbe', args: ['ports', 'get', 'wbe'] },
];

const lines = [];
try {
  for (const scene of scenes) {
    const cwd = join(folder, scene.in);
    mkdirSync(join(cwd, '.git'), { recursive: true });
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps/cli/dist/main.js'), ...scene.args], {
      cwd,
      env,
      input: scene.input ?? '',
      encoding: 'utf8',
    });
    lines.push({ prompt: `~/${scene.in} $ `, text: scene.shown });
    for (const text of `${stdout}${stderr}`.trimEnd().split('\n')) lines.push({ text: text.replaceAll(folder, '~') });
    lines.push({ text: '' });
  }
} finally {
  spawnSync(process.execPath, [join(root, 'apps/cli/dist/main.js'), 'stop'], { env });
  rmSync(folder, { recursive: true, force: true });
}
writeFileSync(join(root, 'docs/first-minutes.svg'), draw(lines));

function draw(rows) {
  const [charWidth, lineHeight, padding] = [8.4, 20, 20];
  const width = Math.round(Math.max(...rows.map(({ prompt = '', text }) => prompt.length + text.length)) * charWidth + 2 * padding);
  const height = rows.length * lineHeight + 2 * padding;
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const body = rows.map(({ prompt, text }, index) => {
    const y = padding + (index + 1) * lineHeight - 6;
    const start = prompt ? `<tspan fill="#7ee787">${escape(prompt)}</tspan>` : '';
    return `<text x="${padding}" y="${y}" fill="${prompt ? '#ffffff' : '#c9d1d9'}" xml:space="preserve">${start}${escape(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">
<title>Supervisor's first minutes: two projects get ports that do not collide, a secret is stored, a slip is answered with what there is</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${body.join('\n')}
</svg>
`;
}

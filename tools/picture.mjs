// Draws docs/first-hour.svg: what the first hour of tools/evidence really showed, cut to a screenful. Usage: node tools/picture.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { playFirstHour } from './evidence/core/first-hour/play.mjs';
import { Stage } from './evidence/harness.mjs';

// Of a long transcript these commands, the first time each was typed.
const shown = [
  'supervisor scan .',
  'supervisor scan . --import',
  'supervisor run -- npm run dev &',
  'supervisor run -- npm start &',
  'supervisor',
];

const stage = new Stage('picture');
const lines = [];
try {
  const { scenes, problems, home } = await playFirstHour(stage);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  for (const command of shown) {
    const scene = scenes.find((candidate) => candidate.shown === command);
    lines.push({ prompt: `~/code${scene.in ? `/${scene.in}` : ''} $ `, text: command });
    // A terminal echoes an answer before the question when it was typed ahead.
    const text = scene.text.trim().replaceAll('[y/N] ', '[y/N] y\n');
    // The import shows the scan once more before it asks.
    const rows = text.split('\n').slice(command.includes('--import') ? text.split('\n').findIndex((row) => row.includes('Go on?')) : 0);
    for (const row of text === '' ? [] : rows) lines.push({ text: row.replaceAll(home.work, '~/code').trimEnd() });
    if (!command.endsWith('&')) lines.push({ text: '' });
  }
} finally {
  await stage.close();
}
writeFileSync(fileURLToPath(new URL('../docs/first-hour.svg', import.meta.url)), draw(lines));
// A stage's database leaves a timer behind.
process.exit();

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
<title>Supervisor's first hour: a scan finds two projects that both want port 3000, an import mends that, both run, one screen shows it</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${body.join('\n')}
</svg>
`;
}

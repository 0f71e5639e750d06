import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listTools } from '@supervisor/core/tools';
import { figure } from './table.mjs';

// There is no tokenizer here. JSON of this kind has about four characters a token: this overstates the cost.
const charactersPerToken = 3.5;
const goal = 2500;

/** What a host shows the model of the default tools: name, description and input schema. */
export async function measureTokens() {
  const { operations } = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('@supervisor/supervisor/catalogue')), 'utf8'));
  const tools = listTools(operations);
  const shown = tools.map(({ name, description, inputSchema }) => JSON.stringify({ name, description, input_schema: inputSchema }));
  const characters = shown.reduce((sum, text) => sum + text.length, 0);
  const detail = `estimate: ${characters} characters / ${charactersPerToken}, ${tools.length} tools`;
  return [figure('tokens of the default tools', Math.ceil(characters / charactersPerToken), { unit: 'tokens', atMost: goal, detail })];
}

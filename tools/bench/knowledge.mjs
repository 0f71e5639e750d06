import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openInMemory } from '@supervisor/db';
import { evaluate, judge, KnowledgeBase, pairedInterval, readCollection } from '@supervisor/knowledge';
import MiniSearch from 'minisearch';
import { create, insertMultiple, search } from '@orama/orama';
import { figure } from './table.mjs';

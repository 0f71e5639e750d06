// Run by the build: a new home starts from a database that has its tables already.
import { migrate, writeTemplate } from '@supervisor/db';
import { modules } from './modules.js';
import { template } from './template.js';

await writeTemplate(template, (database) => migrate(database, modules));

import { instant, nextCursor, operation, page, projectField, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import { visibility, type KnowledgeDeps } from './fields.js';

const path = textField('Absolute path of the folder', 4000)
  .min(1)
  .meta({ description: 'Absolute path of the folder', examples: ['/srv/notes'] });
const source = textField('Path inside the root', 1000).min(1);
const root = z.object({ id: z.int(), project: z.string(), path: z.string() });
const sources = z.array(z.string());

export const documentOperations = [
  operation({
    name: 'register_root',
    route: 'PUT /projects/{project}/knowledge-roots',
    summary: 'Allow a folder to be ingested into a project',
    access: 'write',
    input: z.object({ path, project: projectField() }),
    output: root.extend({ created: z.boolean() }),
    subject: ({ path }) => path.slice(0, 200),
    handle: ({ knowledge }: KnowledgeDeps, { project, path }) => knowledge.registerRoot(project, path),
  }),
  operation({
    name: 'list_roots',
    route: 'GET /knowledge-roots',
    summary: 'List the folders that may be ingested',
    access: 'read',
    input: z.object({ project: projectFilter() }),
    output: z.object({ roots: z.array(root) }),
    handle: async ({ knowledge }: KnowledgeDeps, { project }) => ({ roots: await knowledge.listRoots(project) }),
  }),
  operation({
    name: 'ingest_documents',
    command: false,
    route: 'POST /projects/{project}/knowledge-documents',
    summary: 'Bring documents of a registered root up to date',
    description: 'The same source is the same document; an equal text is left alone. `supervisor ingest DIR` does it for a folder.',
    access: 'write',
    input: z.object({
      root: path,
      project: projectField(),
      documents: z
        .array(
          z.object({
            source,
            text: textField('The whole text', 1_000_000),
            title: textField('Its path when left out', 500).optional(),
            format: z.enum(['markdown', 'plain']).optional(),
          }),
        )
        .max(500),
      visibility: visibility.default('project'),
      dryRun: z.boolean().default(false),
    }),
    output: z.object({ added: sources, updated: sources, unchanged: sources, removed: sources, redactions: z.int() }),
    subject: ({ root }) => root.slice(0, 200),
    handle: ({ knowledge }: KnowledgeDeps, { project, root, documents, ...options }) => knowledge.ingest(project, root, documents, options),
  }),
  operation({
    name: 'list_documents',
    route: 'GET /projects/{project}/knowledge-documents',
    summary: 'List what was ingested from a root',
    access: 'read',
    input: z.object({ root: path, project: projectField(), ...page }),
    output: z.object({ documents: z.array(z.object({ id: z.int(), source: z.string(), updatedAt: instant })), nextCursor }),
    handle: ({ knowledge }: KnowledgeDeps, { project, root, ...page }) => knowledge.listDocuments(project, root, page),
  }),
  operation({
    name: 'remove_documents',
    command: false,
    route: 'POST /projects/{project}/knowledge-documents/remove',
    summary: 'Forget documents that are no longer in their root',
    access: 'write',
    input: z.object({ root: path, project: projectField(), sources: z.array(source).max(500) }),
    output: z.object({ removed: sources }),
    subject: ({ root }) => root.slice(0, 200),
    handle: async ({ knowledge }: KnowledgeDeps, { project, root, sources }) => ({
      removed: await knowledge.removeDocuments(project, root, sources),
    }),
  }),
];

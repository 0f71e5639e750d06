// What somebody would write by hand for the same two reads: Fastify, a token check, zod, a prepared query. Usage: node bare-fastify.mjs DATABASE
// Prints its URL and a token for it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { TokenRegistry } from '@supervisor/auth';
import { tokens } from '@supervisor/auth/schema';
import { openDatabase } from '@supervisor/db';
import { portAllocations } from '@supervisor/ports/schema';
import { and, asc, eq, gt, or, sql } from 'drizzle-orm';
import { fastify } from 'fastify';
import { z } from 'zod';
import { addPorts } from './ports.mjs';

const db = await openDatabase(process.argv[2]);
await addPorts(db);
const pepper = randomBytes(32);
const { token } = await new TokenRegistry({ db, pepper: async () => pepper }).create('bare');

const findToken = db.orm
  .select()
  .from(tokens)
  .where(eq(tokens.id, sql.placeholder('id')))
  .prepare('bare_token');
// The statements that PortManager prepares (packages/ports/src/queries.ts).
const { placeholder } = sql;
const ofProject = eq(portAllocations.project, placeholder('project'));
const findPort = db.orm
  .select()
  .from(portAllocations)
  .where(and(ofProject, eq(portAllocations.service, placeholder('service')), eq(portAllocations.instance, placeholder('instance'))))
  .prepare('bare_port');
const listPorts = db.orm
  .select()
  .from(portAllocations)
  .where(
    and(
      or(sql`${placeholder('project')}::text is null`, ofProject),
      or(sql`${placeholder('port')}::integer is null`, eq(portAllocations.port, placeholder('port'))),
      gt(portAllocations.port, placeholder('after')),
    ),
  )
  .orderBy(asc(portAllocations.port))
  .limit(placeholder('limit'))
  .prepare('bare_ports');

const name = z.string().min(1).max(100);
const onePort = z.strictObject({ project: name, service: name });
const manyPorts = z.strictObject({ project: name, limit: z.coerce.number().int().min(1).max(500).default(100) });

// As in packages/auth: the row is looked up once a second.
let known = { until: 0 };
async function authenticate({ headers }) {
  const [, id, secret] = /^Bearer sup_([0-9a-f]{12})_([A-Za-z0-9_-]{43})_[0-9a-f]{8}$/.exec(headers.authorization ?? '') ?? [];
  if (!id) return false;
  const hash = createHmac('sha256', pepper).update(`${id}.${secret}`).digest();
  if (known.id !== id || known.until < Date.now()) {
    const [row] = await findToken.execute({ id });
    known = { id, row, until: Date.now() + 1000 };
  }
  return known.row !== undefined && timingSafeEqual(known.row.hash, hash);
}

const app = fastify();
app.get('/api/v1/projects/:project/ports/:service', async (request, reply) => {
  if (!(await authenticate(request))) return reply.code(401).send();
  const input = onePort.safeParse(request.params);
  if (!input.success) return reply.code(400).send();
  const [row] = await findPort.execute({ ...input.data, instance: '' });
  return row ?? reply.code(404).send();
});
app.get('/api/v1/ports', async (request, reply) => {
  if (!(await authenticate(request))) return reply.code(401).send();
  const input = manyPorts.safeParse(request.query);
  if (!input.success) return reply.code(400).send();
  return { allocations: await listPorts.execute({ ...input.data, port: null, after: 0 }) };
});

const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ url, token }));

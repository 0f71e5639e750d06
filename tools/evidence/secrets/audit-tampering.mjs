import { randomBytes } from 'node:crypto';
import { AuditTrail } from '@supervisor/auth';
import { openInMemory } from '@supervisor/db';
import { owner } from '@supervisor/core';
import { sql } from 'drizzle-orm';
import { verifyRows } from '../../../packages/auth/dist/audit-chain.js';
import { deriveKeys } from '../../../packages/auth/dist/audit-row.js';
import { randomFrom } from '../harness.mjs';

const columns = {
  at: sql`at + interval '1 millisecond'`,
  call: sql`gen_random_uuid()`,
  principal_id: sql`principal_id || 'x'`,
  principal_kind: sql`'token'`,
  operation: sql`'list_secrets'`,
  project: sql`coalesce(project, '') || 'x'`,
  subject: sql`coalesce(subject, '') || 'x'`,
  version: sql`coalesce(version, 0) + 1`,
  fingerprint: sql`coalesce(fingerprint, '') || '0'`,
  outcome: sql`case when outcome is null then 'ok' end`,
  ended_at: sql`now()`,
  mac: sql`null`,
};

/** Every way to change the stored trail, each undone again: a check of the trail must find it. */
export const auditTampering = {
  name: 'audit-tampering',
  goal: 'every tampering found, an untouched trail found whole',
  sizes: { rows: 240, tamperings: 1000 },
  async run(stage, { seed, sizes }) {
    const db = await openInMemory();
    stage.onEnd(() => db.close());
    const master = randomBytes(32);
    const trail = new AuditTrail({ db, key: async () => master });
    for (let index = 0; index < sizes.rows / 2; index++) {
      const entry = { principal: owner, operation: 'retrieve_secret', projects: ['shop'], subject: `shop/p${index}/key` };
      const call = await trail.intent(entry);
      await trail.outcome(call, entry, 'ok', [{ path: entry.subject, version: 1, value: `value ${index}` }]);
      if (index % 20 === 0) await trail.verify();
    }
    const whole = await trail.verify();
    const problems = whole.ok && whole.rows === sizes.rows ? [] : [`the untouched trail: ${JSON.stringify(whole)}`];
    const keys = deriveKeys(master);
    const found = {};
    const random = randomFrom(seed);
    for (let index = 0; index < sizes.tamperings; index++) {
      stage.progress(`${index} of ${sizes.tamperings}`);
      const [name, statements] = tampering(index, whole, random);
      const caught = await attempt(db.orm, keys, whole.head, statements);
      if (caught) found[name] = (found[name] ?? 0) + 1;
      else problems.push(`not found: ${name}, ${index}`);
    }
    if (!(await trail.verify(whole.head)).ok) problems.push('the trail is not whole after everything was undone');
    const count = Object.values(found).reduce((sum, times) => sum + times, 0);
    return {
      holds: problems.length === 0,
      figure: `${count} of ${sizes.tamperings} found, in ${Object.keys(found).length} ways`,
      problems,
    };
  },
};

async function attempt(orm, keys, head, statements) {
  let caught;
  const undo = new Error('undo');
  await orm
    .transaction(async (tx) => {
      for (const statement of statements) await tx.execute(statement);
      caught = !(await verifyRows(tx, keys, head)).ok;
      throw undo;
    })
    .catch((error) => {
      if (error !== undo) throw error;
    });
  return caught;
}

function tampering(index, { rows: count, seals }, random) {
  const id = 1 + Math.floor(random() * count);
  const other = (id % count) + 1;
  const seal = 1 + Math.floor(random() * seals);
  const names = Object.keys(columns);
  const ways = [
    () => {
      const column = names[Math.floor(index / 9) % names.length];
      return [`column ${column}`, [sql`update supervisor.audit_events set ${sql.raw(column)} = ${columns[column]} where id = ${id}`]];
    },
    () => ['row removed', [sql`delete from supervisor.audit_events where id = ${id}`]],
    () => [
      'two rows exchanged',
      [
        sql`update supervisor.audit_events a set (at, call, principal_id, principal_kind, operation, project, subject, version, fingerprint, outcome, ended_at, mac)
            = (select at, call, principal_id, principal_kind, operation, project, subject, version, fingerprint, outcome, ended_at, mac
               from supervisor.audit_events b where b.id = case a.id when ${id}::bigint then ${other}::bigint else ${id}::bigint end)
            where a.id in (${id}, ${other})`,
      ],
    ],
    () => ['row copied to the end', [copyRow(id)]],
    () => ['link removed', [sql`delete from supervisor.audit_seals where id = ${seal}`]],
    () => {
      const byte = Math.floor(random() * 32);
      return [
        'link changed',
        [sql`update supervisor.audit_seals set mac = set_byte(mac, ${byte}, get_byte(mac, ${byte}) # 1) where id = ${seal}`],
      ];
    },
    () => ['count of a link changed', [sql`update supervisor.audit_seals set count = count + 1 where id = ${seal}`]],
    () => [
      'end cut off with its links',
      [
        sql`delete from supervisor.audit_seals where id >= ${seal}`,
        sql`delete from supervisor.audit_events where id > coalesce((select max(last) from supervisor.audit_seals), 0)`,
      ],
    ],
    () => [
      'MAC of another row',
      [sql`update supervisor.audit_events set mac = (select mac from supervisor.audit_events where id = ${other}) where id = ${id}`],
    ],
  ];
  return ways[index % ways.length]();
}

// A replay: every field and the MAC are right.
function copyRow(id) {
  const all = sql.raw('at, call, principal_id, principal_kind, operation, project, subject, version, fingerprint, outcome, ended_at, mac');
  return sql`insert into supervisor.audit_events (${all}) select ${all} from supervisor.audit_events where id = ${id}`;
}

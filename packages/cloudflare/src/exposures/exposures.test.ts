import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SupervisorError } from '@supervisor/core';
import { testDatabases } from '@supervisor/db/testing';
import type { Database } from '@supervisor/db';
import { CloudflareFake, FakeClock, type Fault } from '@supervisor/fakes';
import { sql } from 'drizzle-orm';
import { CloudflareManager } from '../cloudflare-manager.js';
import { cloudflareModule } from '../module.js';
import type { ExposeRequest } from './exposure.js';

const request: ExposeRequest = { project: 'shop', service: 'web', hostname: 'shop.example.com', access: 'public' };
const config = 'PUT /client/v4/accounts/{account}/cfd_tunnel/{tunnel}/configurations';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let fake: CloudflareFake;
  let cloudflare: CloudflareManager;
  const clock = new FakeClock();
  const time = { now: () => clock.now(), sleep: async (milliseconds: number) => clock.advance(milliseconds / 1000) };
  const manager = (db = database) =>
    new CloudflareManager({
      db,
      token: async () => fake.token,
      time,
      portOf: async ({ service = 'web', port = 3100 }) => ({ service, port }),
    });
  const tunnels = () => [...fake.state.tunnels.values()].filter(({ deletedAt }) => deletedAt === null);
  const rules = () => tunnels().flatMap((tunnel) => tunnel.config?.ingress ?? []);
  const records = () => [...fake.state.records.values()];
  const count = async () => {
    const tables = ['exposures', 'dns_records', 'tunnel_routes', 'tunnels'];
    const counts = tables.map((table) => sql`(select count(*)::int from ${sql.raw(`supervisor.cloudflare_${table}`)})`);
    const answer = (await database.orm.execute(sql`select ${sql.join(counts, sql` + `)} as count`)) as unknown as {
      rows: { count: number }[];
    };
    return answer.rows[0]!.count;
  };

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    fake = new CloudflareFake({ clock });
    const baseUrl = await fake.listen();
    cloudflare = manager();
    await cloudflare.setAccount('main', { accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl });
  });
  afterEach(async () => {
    await fake.close();
    for (const table of ['exposures', 'dns_records', 'tunnel_routes', 'tunnels', 'buckets', 'accounts'])
      await database.orm.execute(sql.raw(`delete from supervisor.cloudflare_${table}`));
  });
  afterAll(() => database.close());

  test('from nothing to a name in one call, and back to nothing', async () => {
    const exposed = await cloudflare.expose(request);
    expect(exposed).toMatchObject({
      url: 'https://shop.example.com',
      port: 3100,
      state: 'exposed',
      complete: false,
      connector: 'inactive',
      run: 'supervisor tunnel run',
      route: { service: 'http://localhost:3100' },
      warnings: [expect.stringContaining('Anybody')],
    });
    const [tunnel] = tunnels();
    expect(rules()).toMatchObject([{ hostname: 'shop.example.com', service: 'http://localhost:3100' }, { service: 'http_status:404' }]);
    expect(records()).toMatchObject([
      { name: 'shop.example.com', type: 'CNAME', content: `${tunnel!.id}.cfargotunnel.com`, proxied: true, ttl: 1 },
    ]);
    expect(await cloudflare.unexpose('shop', 'shop.example.com')).toEqual({ removed: true, warnings: [] });
    expect({ records: records(), tunnels: tunnels(), rows: await count() }).toEqual({ records: [], tunnels: [], rows: 0 });
    expect(await cloudflare.unexpose('shop', 'shop.example.com')).toEqual({ removed: false, warnings: [] });
  });

  test('asking again writes nothing, and is complete once a connector answers', async () => {
    await cloudflare.expose(request);
    const before = fake.writes;
    fake.state.connect(tunnels()[0]!);
    expect(await cloudflare.expose(request)).toMatchObject({ complete: true, run: null, connector: 'healthy' });
    expect(fake.writes).toBe(before);
    await cloudflare.expose({ ...request, hostname: 'two.example.com' });
    expect(tunnels()).toHaveLength(1);
    expect(rules()).toHaveLength(3);
    await cloudflare.unexpose('shop', 'shop.example.com');
    expect(rules()).toHaveLength(2);
    expect(await cloudflare.unexpose('shop', 'two.example.com')).toMatchObject({ warnings: [expect.stringContaining('connector')] });
    expect(tunnels()).toHaveLength(1);
    expect(records()).toEqual([]);
  });

  test('a tunnel that somebody deleted is made anew, and every name of it leads there again', async () => {
    const names = ['shop.example.com', 'two.example.com'];
    for (const hostname of names) await cloudflare.expose({ ...request, hostname });
    tunnels()[0]!.deletedAt = clock.now().toISOString();
    await cloudflare.expose(request);
    expect(await cloudflare.resume()).toEqual({ resumed: 1, failed: 0 });
    expect(rules().map(({ hostname }) => hostname)).toEqual([...names, undefined]);
    const target = `${tunnels()[0]!.id}.cfargotunnel.com`;
    expect(records().map(({ content }) => content)).toEqual([target, target]);
    expect(await cloudflare.resume()).toEqual({ resumed: 0, failed: 0 });
  });

  test('a shared tunnel that was deleted, made again and adopted again has its names led to it', async () => {
    fake.state.addTunnel(fake.account, 'team').config = { ingress: [{ service: 'http_status:404' }] };
    await cloudflare.adoptTunnel('team');
    await cloudflare.expose(request);
    tunnels()[0]!.deletedAt = clock.now().toISOString();
    fake.state.addTunnel(fake.account, 'team').config = { ingress: [{ service: 'http_status:404' }] };
    await cloudflare.adoptTunnel('team');
    expect(await cloudflare.resume()).toEqual({ resumed: 1, failed: 0 });
    expect(records().map(({ content }) => content)).toEqual([`${tunnels()[0]!.id}.cfargotunnel.com`]);
    expect(rules().map(({ hostname }) => hostname)).toEqual([request.hostname, undefined]);
  });

  test('a name has one service, and one project', async () => {
    await cloudflare.expose(request);
    await expect(cloudflare.expose({ ...request, project: 'blog' })).rejects.toMatchObject({ code: 'not_owned' });
    await expect(cloudflare.expose({ ...request, service: 'api' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(cloudflare.expose({ ...request, access: 'login' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(cloudflare.unexpose('blog', 'shop.example.com')).rejects.toMatchObject({ code: 'not_owned' });
    const record = { name: 'shop.example.com', type: 'CNAME' as const, content: 'elsewhere.example.org' };
    await expect(cloudflare.upsertRecord('shop', record)).rejects.toMatchObject({ code: 'protected' });
    await expect(cloudflare.deleteRecord('shop', { name: record.name }, true)).rejects.toMatchObject({ code: 'protected' });
    await expect(cloudflare.releaseRecord('shop', { name: record.name })).rejects.toMatchObject({ code: 'protected' });
    await expect(cloudflare.removeRoute('shop', record.name)).rejects.toMatchObject({ code: 'protected' });
    await expect(cloudflare.expose({ ...request, hostname: '*.example.com' })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(records()).toHaveLength(1);
  });

  test('a record that somebody else took over stays, and the name is free again', async () => {
    await cloudflare.expose(request);
    records()[0]!.comment = 'edited by hand';
    expect(await cloudflare.unexpose('shop', request.hostname)).toEqual({
      removed: true,
      warnings: [expect.stringContaining('lost our mark')],
    });
    expect({ records: records().length, tunnels: tunnels(), rows: await count() }).toEqual({ records: 1, tunnels: [], rows: 0 });
  });

  test('a tunnel with rules of others stays when ours are gone', async () => {
    await cloudflare.expose(request);
    const theirs = { hostname: 'theirs.example.com', service: 'http://localhost:1' };
    tunnels()[0]!.config!.ingress!.unshift(theirs);
    expect(await cloudflare.unexpose('shop', request.hostname)).toMatchObject({ warnings: [expect.stringContaining('rules of others')] });
    expect(rules()[0]).toMatchObject(theirs);
    expect(await cloudflare.listExposures()).toEqual([]);
    await expect(cloudflare.deleteTunnel()).rejects.toMatchObject({ code: 'protected' });
  });

  test('a name that is exposed while the tunnel goes gets one', async () => {
    await cloudflare.expose(request);
    const [first] = tunnels();
    let coming: Promise<unknown> | undefined;
    fake.server.faults.add({
      on: ({ method }, route) => {
        if (method === 'DELETE' && route.endsWith('/cfd_tunnel/{tunnel}'))
          coming ??= cloudflare.expose({ ...request, hostname: 'n.example.com' });
        return false;
      },
      what: 'error-before',
    });
    await cloudflare.unexpose('shop', request.hostname);
    expect(await coming).toMatchObject({ state: 'exposed' });
    expect(tunnels()).toHaveLength(1);
    expect(tunnels()[0]!.id).not.toBe(first!.id);
    expect(records()).toMatchObject([{ name: 'n.example.com', content: `${tunnels()[0]!.id}.cfargotunnel.com` }]);
  });

  test('what the owner put into the tunnel no exposure replaces, and the other way round', async () => {
    await cloudflare.ensureTunnel();
    const rule = { hostname: request.hostname, service: 'https://10.0.0.5:8443' };
    await cloudflare.putRoute('shop', rule);
    await expect(cloudflare.expose(request)).rejects.toMatchObject({
      code: 'protected',
      message: expect.stringContaining('The owner put'),
    });
    expect(rules()[0]).toMatchObject(rule);
    await cloudflare.removeRoute('shop', rule.hostname);
    await cloudflare.expose(request);
    await expect(cloudflare.putRoute('shop', rule)).rejects.toMatchObject({
      code: 'protected',
      message: expect.stringContaining('unexpose'),
    });
    expect(rules()[0]).toMatchObject({ service: 'http://localhost:3100' });
  });

  test('a rule that is refused is not wanted any more', async () => {
    await cloudflare.ensureTunnel();
    await cloudflare.putRoute('shop', { hostname: 'a.example.com', service: 'http://localhost:3100' });
    const bad = { hostname: 'a.example.com', service: 'http://localhost:3100/path' };
    await expect(cloudflare.putRoute('shop', bad)).rejects.toMatchObject({ code: 'invalid_input' });
    fake.state.tunnels.values().next().value!.config!.ingress = [{ service: 'http_status:404' }];
    expect(await cloudflare.syncRoutes(true)).toMatchObject([{ hostname: 'a.example.com', state: 'missing', mended: true }]);
    expect(rules()[0]).toMatchObject({ service: 'http://localhost:3100' });
  });

  test('a rule that lets everybody in where a login is wanted is seen', async () => {
    const [account] = await cloudflare.listAccounts();
    await cloudflare.setAccount('main', { ...account!, accessTeam: 'acme', accessAudience: ['fake-aud'] });
    await cloudflare.expose(request);
    Object.assign(rules()[0]!, { originRequest: { access: { required: true, teamName: 'acme', audTag: ['fake-aud'] } } });
    expect(await cloudflare.syncRoutes(false)).toMatchObject([{ state: 'drifted' }]);
  });

  test('a tunnel with its rules in a file is not taken over', async () => {
    fake.state.addTunnel(fake.account, 'by-file').source = 'local';
    await expect(cloudflare.adoptTunnel('by-file')).rejects.toMatchObject({ code: 'protected', message: expect.stringContaining('file') });
  });

  test('access login lets cloudflared refuse whoever did not pass Access', async () => {
    const [account] = await cloudflare.listAccounts();
    await cloudflare.setAccount('main', { ...account!, accessTeam: 'acme', accessAudience: ['fake-aud'] });
    await cloudflare.expose({ ...request, access: 'login' });
    expect(rules()[0]).toMatchObject({ originRequest: { access: { required: true, teamName: 'acme', audTag: ['fake-aud'] } } });
  });

  test('what others have in the way is not touched, and what was done is undone', async () => {
    const theirs = fake.state.addRecord(fake.zone('example.com'), { name: 'shop.example.com', type: 'A', content: '192.0.2.1' });
    await expect(cloudflare.expose(request)).rejects.toMatchObject({ code: 'not_owned' });
    expect({ records: records(), tunnels: tunnels(), rows: await count() }).toEqual({ records: [theirs], tunnels: [], rows: 0 });
  });

  test('a rule of others for the name is not touched', async () => {
    const tunnel = fake.state.addTunnel(fake.account, 'team');
    const theirs = [
      { hostname: 'shop.example.com', service: 'http://localhost:1' },
      { hostname: '*.example.com', service: 'http://localhost:2' },
      { service: 'http_status:404' },
    ];
    tunnel.config = { ingress: theirs, unknown: { kept: true } };
    await cloudflare.adoptTunnel('team');
    await expect(cloudflare.expose(request)).rejects.toMatchObject({ code: 'not_owned' });
    expect(tunnel.config.ingress).toEqual(theirs);
    await cloudflare.expose({ ...request, hostname: 'two.example.com' });
    expect(tunnel.config).toMatchObject({ unknown: { kept: true } });
    expect(tunnel.config.ingress!.map(({ hostname }) => hostname)).toEqual([
      'shop.example.com',
      'two.example.com',
      '*.example.com',
      undefined,
    ]);
    await cloudflare.unexpose('shop', 'two.example.com');
    expect(tunnel.config.ingress).toMatchObject(theirs);
    expect(tunnel.deletedAt).toBeNull();
  });

  const endings: Fault['what'][] = ['error-before', 'error-after', 'cut-before', 'cut-after', 'rate-limited'];
  test.each(endings)('%s once, at any request: it is exposed all the same', async (what) => {
    await cloudflare.expose(request);
    const requests = fake.server.log.length;
    await cloudflare.unexpose('shop', request.hostname);
    // Every request is the matter of the evidence (expose-faults); here each third.
    for (let after = endings.indexOf(what) % 3; after < requests; after += 3) {
      fake.server.faults.clear();
      fake.server.faults.add({ after, what });
      expect(await cloudflare.expose(request)).toMatchObject({ state: 'exposed' });
      expect({ tunnels: tunnels().length, rules: rules().length, records: records().length }).toEqual({ tunnels: 1, rules: 2, records: 1 });
      fake.server.faults.add({ after, what });
      await cloudflare.unexpose('shop', request.hostname);
      expect({ records: records(), tunnels: tunnels(), rows: await count() }).toEqual({ records: [], tunnels: [], rows: 0 });
    }
  });

  test.each(['POST /client/v4/accounts/{account}/cfd_tunnel', config, 'POST /client/v4/zones/{zone}/dns_records'])(
    'when %s keeps failing, all is taken back, and the error says why',
    async (on) => {
      fake.server.faults.add({ on, times: 4, what: 'error-before' });
      await expect(cloudflare.expose(request)).rejects.toMatchObject({ code: 'provider_unavailable' });
      expect({ records: records(), rules: rules(), rows: await count() }).toEqual({ records: [], rules: [], rows: 0 });
    },
  );

  test('what could not be taken back is a row that says so, and the next sweep takes it back', async () => {
    fake.server.faults.add({ on: 'POST /client/v4/zones/{zone}/dns_records', times: 4, what: 'error-before' });
    fake.server.faults.add({ on: config, after: 1, times: 4, what: 'error-before' });
    await expect(cloudflare.expose(request)).rejects.toMatchObject({
      code: 'partial_failure',
      details: { done: 'route', cause: 'provider_unavailable' },
    });
    expect(await cloudflare.listExposures()).toMatchObject([{ state: 'undoing', step: 'route', lastError: expect.any(String) }]);
    expect(await cloudflare.resume()).toEqual({ resumed: 1, failed: 0 });
    expect({ records: records(), tunnels: tunnels(), rows: await count() }).toEqual({ records: [], tunnels: [], rows: 0 });
  });

  test('whoever waits for a slow provider is told after two minutes, and the next sweep takes back what was done', async () => {
    const slow = () => {
      clock.advance(30);
      return false;
    };
    fake.server.faults.add({ on: slow, what: 'error-before' });
    const begin = clock.now().getTime();
    await expect(cloudflare.expose(request)).rejects.toMatchObject({
      code: 'partial_failure',
      message: expect.stringContaining('takes too long'),
    });
    expect((clock.now().getTime() - begin) / 1000).toBeLessThan(240);
    fake.server.faults.clear();
    expect(await cloudflare.resume()).toEqual({ resumed: 1, failed: 0 });
    expect({ records: records(), tunnels: tunnels(), rows: await count() }).toEqual({ records: [], tunnels: [], rows: 0 });
    await cloudflare.expose(request);
    fake.server.faults.add({ on: slow, what: 'error-before' });
    await expect(cloudflare.unexpose('shop', request.hostname)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(await cloudflare.listExposures()).toMatchObject([{ state: 'removing' }]);
  });

  test('of many that resume at once, one does, and it is made once', async () => {
    const dying = manager();
    fake.server.faults.add({ on: config, what: 'hang-before' });
    void dying.expose(request).catch(() => {});
    for (let waited = 0; fake.server.faults.played === 0 && waited < 200; waited++) await new Promise((resolve) => setTimeout(resolve, 10));
    await database.orm.execute(
      sql`update supervisor.cloudflare_exposures set lease_until = now() - interval '1 second', fence = fence + 1`,
    );
    await database.orm.execute(sql`update supervisor.cloudflare_tunnels set lease_until = null, fence = fence + 1`);
    fake.server.faults.clear();
    const done = await Promise.all(Array.from({ length: 8 }, () => manager().resume()));
    expect(done.filter(({ resumed }) => resumed === 1)).toHaveLength(1);
    expect(await cloudflare.listExposures()).toMatchObject([{ state: 'exposed' }]);
    expect({ tunnels: tunnels().length, rules: rules().length, records: records().length }).toEqual({ tunnels: 1, rules: 2, records: 1 });
  });

  test('many names at once share one tunnel, and every rule stays', async () => {
    const hostnames = Array.from({ length: 8 }, (_, index) => `n${index}.example.com`);
    await Promise.all(hostnames.map((hostname) => manager().expose({ ...request, hostname })));
    expect(tunnels()).toHaveLength(1);
    expect(
      rules()
        .map(({ hostname }) => hostname)
        .toSorted(),
    ).toEqual([...hostnames, undefined].toSorted());
    expect(records()).toHaveLength(8);
  });

  test('an account that is removed while a name is about to be exposed has nothing made in it', async () => {
    const removing = new CloudflareManager({
      db: database,
      token: async () => fake.token,
      time,
      portOf: async () => {
        expect(await cloudflare.removeAccount('main')).toBe(true);
        return { service: 'web', port: 3100 };
      },
    });
    await expect(removing.expose(request)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('removed') });
    expect({ writes: fake.writes, rows: await count() }).toEqual({ writes: 0, rows: 0 });
    expect(await cloudflare.removeAccount('main')).toBe(false);
  });

  test('what was broken off waits for a provider that does not answer, and is taken back once that refuses', async () => {
    const breakOff = async () => {
      fake.server.faults.add({ on: config, what: 'hang-before' });
      void manager()
        .expose(request)
        .catch(() => {});
      const played = fake.server.faults.played;
      for (let waited = 0; fake.server.faults.played === played && waited < 200; waited++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      for (const table of ['exposures', 'tunnels'])
        await database.orm.execute(sql.raw(`update supervisor.cloudflare_${table} set lease_until = null, fence = fence + 1`));
    };
    await breakOff();
    fake.server.faults.add({ on: 'GET /client/v4/zones', times: 4, what: 'error-before' });
    expect(await manager().resume()).toEqual({ resumed: 0, failed: 1 });
    expect(await cloudflare.listExposures()).toMatchObject([{ state: 'exposing', lastError: expect.any(String) }]);
    expect(await manager().resume()).toEqual({ resumed: 1, failed: 0 });
    expect(await cloudflare.listExposures()).toMatchObject([{ state: 'exposed', lastError: null }]);
    await cloudflare.unexpose('shop', request.hostname);
    await breakOff();
    fake.state.addRecord(fake.zone('example.com'), { name: request.hostname, type: 'A', content: '192.0.2.1' });
    expect(await manager().resume()).toEqual({ resumed: 0, failed: 1 });
    expect({ tunnels: tunnels(), rows: await count() }).toEqual({ tunnels: [], rows: 0 });
  });

  test('names come in pages, and one that the usual certificate does not hold for is told of', async () => {
    const deep = await cloudflare.expose({ ...request, hostname: 'a.shop.example.com' });
    expect(deep.warnings).toContainEqual(expect.stringContaining('certificate'));
    expect((await cloudflare.expose(request)).warnings).not.toContainEqual(expect.stringContaining('certificate'));
    const call = async (name: string, input: object) => {
      const found = [...cloudflareModule.operations].find((one) => one.name === name)!;
      return found.handle({ cloudflare } as never, found.input.parse(input) as never, {} as never) as Promise<Record<string, any>>;
    };
    for (const [name, list] of [
      ['list_exposures', 'exposures'],
      ['list_tunnel_routes', 'routes'],
    ] as const) {
      const first = await call(name, { limit: 1 });
      const second = await call(name, { limit: 1, cursor: first['nextCursor'] });
      expect([first, second].map((page) => page[list][0].hostname)).toEqual(['a.shop.example.com', 'shop.example.com']);
      expect(second).not.toHaveProperty('nextCursor');
    }
  });

  test('a token that is missing does not make a tunnel gone', async () => {
    await cloudflare.ensureTunnel();
    const without = new CloudflareManager({
      db: database,
      token: async () => {
        throw new SupervisorError('not_found', 'There is no secret.');
      },
      time,
    });
    await expect(without.listTunnels()).rejects.toMatchObject({ message: 'There is no secret.' });
  });

  test('a port that must not be exposed ends it before anything is asked of Cloudflare', async () => {
    const refusing = new CloudflareManager({
      db: database,
      token: async () => fake.token,
      time,
      portOf: async () => {
        throw new SupervisorError('protected', 'That is the database.');
      },
    });
    await expect(refusing.expose(request)).rejects.toMatchObject({ code: 'protected' });
    expect({ writes: fake.writes, rows: await count() }).toEqual({ writes: 0, rows: 0 });
  });
});

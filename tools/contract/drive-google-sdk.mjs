// Uses the fake through Google's own SDK, and prints what came of it as JSON; `skipped: …` when the SDK cannot be installed.
import { randomUUID } from 'node:crypto';
import { installSdk } from './install-sdk.mjs';

const version = '42.0.0';
const { GOOGLE_API: origin, GOOGLE_PROJECT: project, GOOGLE_KEY: keyFile } = process.env;
const zone = 'us-central1-a';
const require = installSdk('@googleapis/compute', version);
if (require) console.log(JSON.stringify(await drive(require('@googleapis/compute'))));
else console.log('skipped: the registry is away');

async function drive({ compute, auth }) {
  const { client_email: email, private_key: key, private_key_id: keyId } = JSON.parse(keyFile);
  const signer = new auth.JWT({ email, key, keyId, scopes: ['https://www.googleapis.com/auth/compute'] });
  signer.useJWTAccessWithScope = true;
  const clientOf = (credentials) => compute({ version: 'v1', auth: credentials, rootUrl: `${origin}/` });
  const { instances, zoneOperations, zones, machineTypes, disks, projects } = clientOf(signer);
  const at = { project, zone };
  const said = {};
  said.project = (await projects.get({ project })).data.name;
  said.zones = (await zones.list({ project })).data.items.map(({ name }) => name);
  // With what the metadata server of the fake gives, found as on a machine of Google's.
  said.metadata = (
    await clientOf(new auth.GoogleAuth({ scopes: ['https://www.googleapis.com/auth/compute'] })).zones.list({ project })
  ).data.items.length;
  said.machine = (await machineTypes.list({ ...at, maxResults: 1 })).data.items.length;
  const finish = async (sent) => {
    let { data } = await sent;
    for (let waits = 0; data.status !== 'DONE' && waits < 200; waits++)
      ({ data } = await zoneOperations.wait({ ...at, operation: data.name }));
    return data.error ? data.error.errors[0].code : data.status;
  };
  const requestId = randomUUID();
  const requestBody = {
    name: 'from-the-sdk',
    machineType: `zones/${zone}/machineTypes/e2-small`,
    labels: { team: 'web' },
    disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' } }],
    networkInterfaces: [{ network: 'global/networks/default' }],
  };
  const insert = () => instances.insert({ ...at, requestId, requestBody });
  said.sameOperation = (await insert()).data.name === (await insert()).data.name;
  said.made = await finish(insert());
  said.again = await instances.insert({ ...at, requestId: randomUUID(), requestBody }).catch(({ status, code }) => status ?? Number(code));
  const one = { ...at, instance: 'from-the-sdk' };
  const { data: made } = await instances.get(one);
  said.got = { status: made.status, labels: made.labels, id: /^\d{19}$/.test(made.id) };
  const relabel = (labelFingerprint) => instances.setLabels({ ...one, requestBody: { labels: { team: 'api' }, labelFingerprint } });
  said.stale = await relabel('stale').catch(({ status, code }) => status ?? Number(code));
  said.labelled = await finish(relabel(made.labelFingerprint));
  said.stopped = await finish(instances.stop(one));
  said.resized = await finish(instances.setMachineType({ ...one, requestBody: { machineType: `zones/${zone}/machineTypes/e2-medium` } }));
  said.started = await finish(instances.start(one));
  said.all = Object.values((await instances.aggregatedList({ project })).data.items).flatMap(({ instances: found = [] }) => found).length;
  said.deleted = await finish(instances.delete({ ...one, requestId: randomUUID() }));
  said.gone = await instances.get(one).catch(({ status, code }) => status ?? Number(code));
  said.disks = (await disks.list(at)).data.items?.length ?? 0;
  return said;
}

// A real service beside a Google Cloud on loopback, as its owner sets it up.
import { FakeGoogleCloud } from '@supervisor/fakes';
import { ownerOf } from '../owner.mjs';
import { googleContract, hasGoogleSpecs } from '../../../contract/gcloud.mjs';
import { noSpecs } from '../../../contract/specs.mjs';

export const zone = 'us-central1-a';

/** @param url of a PostgreSQL; embedded when absent */
export async function openService(stage, url, options = { operationSeconds: 0.2, waitMilliseconds: 100 }) {
  const google = new FakeGoogleCloud(options);
  await google.listen();
  stage.onEnd(() => google.close());
  const settings = url ? { DATABASE_URL: url, ENCRYPTION_KEY: '9c10'.repeat(16) } : {};
  const home = await stage.home({ settings });
  await home.start();
  const call = await ownerOf(home);
  await call('store_secret', { path: 'meta/gcloud/key', value: google.identity.newKey() });
  const account = {
    name: 'main',
    gcpProject: google.world.project,
    keyPath: 'meta/gcloud/key',
    computeUrl: google.url,
    monitoringUrl: google.url,
  };
  await call('set_gcloud_account', account);
  await call('set_gcloud_limits', { name: 'main', zones: [zone] });
  return { home, google, call };
}

/** Deletes a VM in the two calls it takes. */
export async function deleteVm(call, name) {
  const confirmation = await call('delete_vm', { name }).then(
    () => undefined,
    (error) => {
      if (error.code !== 'confirmation_required') throw error;
      return error.details.confirmation;
    },
  );
  return confirmation === undefined ? undefined : call('delete_vm', { name, confirmation });
}

/** What is wrong with the requests that Google got; and a figure of how many were held against its description. */
export function judgeRequests(google) {
  const unknown = google.log
    .filter(({ answer }) => answer?.status === 501)
    .map(({ request }) => `${request.method} ${request.path} is not known`);
  if (!hasGoogleSpecs()) return { problems: unknown, figure: noSpecs };
  const contract = googleContract();
  const problems = [...unknown, ...google.log.flatMap((exchange) => contract.check(exchange))];
  return {
    problems: [...new Set(problems)],
    figure: `${contract.counts.requests} requests and ${contract.counts.answers} answers schema-valid`,
  };
}

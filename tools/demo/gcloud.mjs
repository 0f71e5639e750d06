import { FakeGoogleCloud } from '@supervisor/fakes';

/** A Google Cloud project, its account and limits set, and what to try. */
export async function gcloudDemo({ call }) {
  const google = new FakeGoogleCloud({ operationSeconds: 5, waitMilliseconds: 1000 });
  await google.listen();
  const key = google.identity.newKey();
  await call('store_secret', { path: 'meta/gcloud/key', value: key });
  const account = {
    name: 'demo',
    gcpProject: google.world.project,
    keyPath: 'meta/gcloud/key',
    computeUrl: google.url,
    monitoringUrl: google.url,
  };
  await call('set_gcloud_account', account);
  await call('set_gcloud_limits', { name: 'demo', zones: ['us-central1-a'] });
  const lines = [
    '# Google Cloud, with the zone us-central1-a',
    `export GOOGLE_API=${google.url} GOOGLE_PROJECT=${google.world.project} GOOGLE_KEY='${key}'`,
    'supervisor gcloud verify-account',
    'supervisor gcloud create-vm build-1',
    'supervisor gcloud list-vms',
    'supervisor gcloud get-vm-health build-1',
    'supervisor gcloud stop-vm build-1',
    'supervisor gcloud sync',
    'supervisor gcloud delete-vm build-1   # says what would happen, and what to add to do it',
  ];
  return { lines, close: () => google.close() };
}

import type { DefaultCredentials } from '@supervisor/gcloud';

/** Where Google's own tools are told to look for application-default credentials, in this service's environment. */
export function googleDefaults(environment: NodeJS.ProcessEnv = process.env): DefaultCredentials {
  return { file: environment['GOOGLE_APPLICATION_CREDENTIALS'] || undefined, metadataHost: environment['GCE_METADATA_HOST'] || undefined };
}

/** What has been done of an exposure, in this order. */
export const steps = ['tunnel', 'route', 'record'] as const;
export type Step = (typeof steps)[number];

/** `exposing` and `removing` were asked for, `undoing` follows a failure; each of the three is taken up again after a crash. */
export type ExposureState = 'exposing' | 'exposed' | 'undoing' | 'removing';

/** `public`: for everybody; `login`: cloudflared lets through only who passed the Cloudflare Access application of the account. */
export type Access = 'public' | 'login';

export interface ExposeRequest {
  project: string;
  instance?: string | undefined;
  /** Its port is allocated when it has none. Absent: the service that has the port. */
  service?: string | undefined;
  /** A port that the project has. */
  port?: number | undefined;
  hostname: string;
  access: Access;
}

/** A service that can be reached, and what makes it so. */
export interface Exposure {
  url: string;
  hostname: string;
  project: string;
  service: string;
  port: number;
  access: Access;
  state: ExposureState;
  /** The connector answers: the url works. */
  complete: boolean;
  route: { tunnel: string; service: string };
  record: { name: string; type: string; content: string };
  /** What Cloudflare says of the tunnel's connectors. */
  connector: string;
  /** What is still to be run on this machine; null: nothing. */
  run: string | null;
  warnings: string[];
}

/** What the client of Google Cloud Storage gets from a connection. */

/** A field that is left out follows Google's own default chain. */
export interface GcsConfig {
  readonly projectId?: string;
  /** The path of a key file. */
  readonly keyFilename?: string;
  /** The contents of a key file. */
  readonly credentials?: ServiceAccountKey;
  /** Another address of the service, without a slash at its end. */
  readonly endpoint?: string;
}

interface ServiceAccountKey {
  readonly client_email: string;
  readonly private_key: string;
}

const PUBLIC_ENDPOINT = "https://storage.googleapis.com";

export function endpointOf({ endpoint }: GcsConfig): string {
  return endpoint ?? PUBLIC_ENDPOINT;
}

/** An emulator has no logins: without a key, another address gets none. */
export function isAnonymous({ endpoint, keyFilename, credentials }: GcsConfig): boolean {
  return endpoint !== undefined && keyFilename === undefined && credentials === undefined;
}

/** What clients of Google Cloud get from a connection. Pure. */

/**
 * How to reach Google Cloud. A field that is left out follows Google's own default chain.
 * @example const config: GoogleConfig = googleConnection.read(connection);
 */
export interface GoogleConfig {
  /** The project that requests are made in. */
  readonly projectId?: string;
  /** The path of a key file. */
  readonly keyFilename?: string;
  /** The contents of a key file. */
  readonly credentials?: {
    readonly client_email: string;
    readonly private_key: string;
  };
  /** Other addresses of services, without a slash at their ends. */
  readonly endpoints: { readonly [Service in GoogleService]?: string };
}

/**
 * A service of Google Cloud that a plugin speaks to.
 * @example const service: GoogleService = "bigquery";
 */
export type GoogleService = "storage" | "bigquery";

const PUBLIC_ENDPOINTS: Readonly<Record<GoogleService, string>> = {
  storage: "https://storage.googleapis.com",
  bigquery: "https://bigquery.googleapis.com",
};

/**
 * The address of a service, without a slash at its end.
 * @example const { host } = new URL(endpointOf(config, "storage"));
 */
export function endpointOf({ endpoints }: GoogleConfig, service: GoogleService): string {
  return endpoints[service] ?? PUBLIC_ENDPOINTS[service];
}

/** An emulator has no logins: without a key, another address gets none. */
export function isAnonymous(config: GoogleConfig, service: GoogleService): boolean {
  const { endpoints, keyFilename, credentials } = config;
  return endpoints[service] !== undefined && !keyFilename && !credentials;
}

/**
 * Project and key, as the clients of Google take them.
 * @example const storage = new Storage(loginOf(config));
 */
export function loginOf({ endpoints: _, ...login }: GoogleConfig): Omit<GoogleConfig, "endpoints"> {
  return login;
}

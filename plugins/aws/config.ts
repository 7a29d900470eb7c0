/** What clients of AWS get from a connection. */

/**
 * The part of an SDK client's configuration that comes from a connection. A field left
 * out follows the SDK's own default chain.
 */
export interface AwsConfig {
  readonly region?: string;
  /**
   * Set when the connection has a custom endpoint: MinIO, a test server, a VPC endpoint.
   */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentials;
}

/** How a client of a service reaches its host. */
export interface ServiceConfig extends AwsConfig {
  /** PEM text of the certificates to trust, or the path of a file with them. */
  readonly verify?: string;
  /** An HTTP proxy for all requests. */
  readonly proxyUrl?: string;
  /** The role that the login assumes for all requests. */
  readonly assumedRole?: AssumedRole;
}

/** How the client of S3 reaches its host. */
export interface S3Config extends ServiceConfig {
  /** Where the bucket stands. Default: `path` with an endpoint, else `virtual`. */
  readonly addressingStyle?: "path" | "virtual";
}

/** A role that a login assumes. */
export interface AssumedRole {
  readonly roleArn: string;
  /** What the owner of the role asks for, when the role is of another account. */
  readonly externalId?: string;
  /** Of AWS STS. Default: that of AWS. */
  readonly endpoint?: string;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

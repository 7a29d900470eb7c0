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

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

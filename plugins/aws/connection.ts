/**
 * The AWS fields of a connection: which service, and whose credentials. Pure and apart
 * from the clients, so that S3 and Redshift read a connection in the same way, and no
 * client code ever sees a password.
 */
import { type Connection, DagsmithError } from "dagsmith";

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

/** A custom endpoint ignores the region, but requests must be signed with a region. */
const REGION_OF_CUSTOM_ENDPOINTS = "us-east-1";

/**
 * Reads Airflow's fields: login and password are access key id and secret (or
 * `extra.aws_access_key_id`, `extra.aws_secret_access_key`), `extra.aws_session_token`,
 * `extra.region_name` (or `region`), and as endpoint `extra.<service>_endpoint_url`,
 * `extra.endpoint_url`, or a host that is a whole URL.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function awsConfig(connection: Connection, service: "s3" | "redshift"): AwsConfig {
  const endpoint = endpointOf(connection, service);
  const region =
    extraText(connection, "region_name") ??
    extraText(connection, "region") ??
    (endpoint && REGION_OF_CUSTOM_ENDPOINTS);
  const credentials = awsCredentials(connection);
  return {
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  };
}

/**
 * The access key of a connection; undefined leaves it to the SDK's default chain
 * (environment, profile, role of the machine).
 */
export function awsCredentials(connection: Connection): AwsCredentials | undefined {
  // A redshift connection's login is a database user, never an access key.
  const mayLogIn = connection.type !== "redshift";
  const accessKeyId =
    extraText(connection, "aws_access_key_id") ?? (mayLogIn ? connection.login : null);
  const secretAccessKey =
    extraText(connection, "aws_secret_access_key") ?? (mayLogIn ? connection.password : null);
  const sessionToken = extraText(connection, "aws_session_token");
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey)
    throw invalid(connection, "an access key needs both its id (login) and its secret (password)");
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** A field of `extra` as text; undefined when it is absent or empty. */
export function extraText({ extra }: Connection, name: string): string | undefined {
  const value = extra[name];
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function endpointOf(connection: Connection, service: string): string | undefined {
  const text =
    extraText(connection, `${service}_endpoint_url`) ??
    extraText(connection, "endpoint_url") ??
    (isUrl(connection.host) ? connection.host : undefined);
  if (text !== undefined && !isUrl(text))
    throw invalid(connection, "the endpoint is not a URL that begins with http:// or https://");
  return text;
}

/** Whether a host is a whole URL, and so an endpoint, instead of a name. */
export function isUrl(text: string | null): text is string {
  return text !== null && /^https?:\/\//.test(text) && URL.canParse(text);
}

function invalid({ id }: Connection, reason: string): DagsmithError {
  return new DagsmithError("INVALID_CONNECTION", { id, reason });
}

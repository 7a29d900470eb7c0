/**
 * Why a request of the AWS SDK failed, in words, and whether a retry can help. Errors are
 * known by their fields: the classes would have to be loaded with the DAG file.
 */
import { STATUS_CODES } from "node:http";
import { errorMessage, FailTask } from "dagsmith";
import { isTlsCode } from "dagsmith/plugins/tls";

/** What the SDK throws: an answer of the service, or why none came. */
interface SdkError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
  readonly code?: string;
}

/** Names and statuses that stay the same in a retry. */
const LASTING_NAMES = [
  ...["NoSuchBucket", "InvalidBucketName", "AccessDenied", "InvalidAccessKeyId"],
  ...["SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "PermanentRedirect"],
  ...["ValidationException", "ResourceNotFoundException", "AccessDeniedException"],
  ...[
    "QueueDoesNotExist",
    "NotFoundException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "CredentialsProviderError",
  ],
];
const LASTING_STATUSES = [301, 400, 401, 403];
/** New credentials, or a clock that is set, may come with the next try. */
const PASSING_NAMES = ["ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed"];

const ABSENT = "create it, or check its name and extra.region_name of the connection";
/** By the name of the answer. */
const NAMED_REMEDIES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: ABSENT,
  NotFound: ABSENT,
  NotFoundException: ABSENT,
};

const REMEDIES: Readonly<Record<number, string>> = {
  301: "set extra.region_name of the connection to the region of the bucket",
  400: "check extra.region_name of the connection, and whether its session token has expired",
  401: "check the access key and secret of the connection",
  403: "check the access key and secret of the connection, and the rights of its role",
  429: "the service asks for fewer requests",
  503: "the service is too busy",
};

/**
 * An error of the SDK with its place; any other error, such as one of the source of an
 * upload or of an abort, as it is.
 * @param place operation, system and object
 * @param host where the request went
 */
export function awsError(place: string, host: string, error: unknown): unknown {
  if (!isSdkError(error)) return error;
  const message = `${place}: ${reasonOf(error, host)}`;
  if (isLasting(error)) return new FailTask(message, { cause: error });
  const seconds = Number(headerOf(error, "retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? { retryAfter: seconds } : {};
  return Object.assign(new Error(message, { cause: error }), retryAfter);
}

/** The status of an answer; undefined when none came, or for another error. */
export function statusOf(error: unknown): number | undefined {
  return isSdkError(error) ? error.$metadata.httpStatusCode : undefined;
}

function reasonOf(error: SdkError, host: string): string {
  const status = error.$metadata.httpStatusCode;
  if (error.name === "CredentialsProviderError")
    return `no credentials: ${error.message}; give the connection an access key, or the machine a role`;
  if (status === undefined) return `no answer from ${host}: ${networkReason(error)}`;
  // The answer to a HEAD has no body, so the SDK knows neither its code nor its message.
  const isNamed = error.name !== "Unknown" && error.message !== "UnknownError";
  const words = isNamed ? `${error.name}: ${error.message}` : `${status} ${STATUS_CODES[status]}`;
  const region = headerOf(error, "x-amz-bucket-region");
  const where = region && [301, 400].includes(status) ? ` (the bucket is in ${region})` : "";
  const remedy = isNamed && !where ? NAMED_REMEDIES[error.name] : REMEDIES[status];
  return `${words}${where}${remedy ? `; ${remedy}` : ""}`;
}

function networkReason(error: SdkError): string {
  const text = errorMessage(error).trim();
  const code = error.code && !text.includes(error.code) ? ` (${error.code})` : "";
  return `${text || error.name}${code}`;
}

function isLasting(error: SdkError): boolean {
  if (PASSING_NAMES.includes(error.name)) return false;
  const status = error.$metadata.httpStatusCode;
  if (status === undefined && isTlsCode(error.code)) return true;
  return LASTING_NAMES.includes(error.name) || LASTING_STATUSES.includes(status ?? 0);
}

function headerOf(error: SdkError, name: string): string | undefined {
  return error.$response?.headers?.[name];
}

function isSdkError(error: unknown): error is SdkError {
  return (
    error instanceof Error && ("$metadata" in error || error.name === "CredentialsProviderError")
  );
}

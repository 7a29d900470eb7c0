/** Errors of Kafka as those of a task: where, why, whether a retry can help. Pure. */
import { errorMessage, FailTask } from "dagsmith";
import { isTlsCode } from "dagsmith/plugins/tls";

/** What the client throws: a reason, or several with their own reasons. */
interface ClientError extends Error {
  readonly code?: string;
  /** The name of the answer in the protocol, such as UNKNOWN_TOPIC_OR_PARTITION. */
  readonly apiId?: string;
  readonly canRetry?: boolean;
  readonly errors?: readonly unknown[];
}

const LOGIN = "check login, password and extra[sasl.mechanism] of the connection";
const TLS = "check extra[security.protocol] and extra[ssl.ca.pem] of the connection";

const REMEDIES: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "create the topic, or check its name",
  INVALID_TOPIC_EXCEPTION: "a topic has letters, digits, dots, _ and -, at most 249",
  TOPIC_AUTHORIZATION_FAILED:
    "give the login the right to the topic: Write to send, Read to receive",
  GROUP_AUTHORIZATION_FAILED: "give the login the right to read the consumer group",
  CLUSTER_AUTHORIZATION_FAILED: "give the login the right IdempotentWrite",
  MESSAGE_TOO_LARGE: "the broker takes no message of this size: send where the data is instead",
  SASL_AUTHENTICATION_FAILED: LOGIN,
  UNSUPPORTED_SASL_MECHANISM: LOGIN,
};
/** The protocol calls an absent topic one that may come. */
const ABSENT_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";

/**
 * @param brokers as the connection names them
 * @param topic what was written; undefined for the cluster itself
 * @returns FailTask where a retry cannot help; the `code` of the protocol stays
 */
export function kafkaError(
  brokers: readonly unknown[],
  topic: string | undefined,
  error: unknown,
): unknown {
  const cause = causeOf(error);
  if (!isOfClient(error) && !isOfClient(cause)) return error;
  const code = codeOf(cause);
  const place = `Kafka at ${brokers.join(",")}${topic === undefined ? "" : ` (topic ${topic})`}`;
  const advice = remedyOf(cause);
  const message = `${place}: ${errorMessage(cause) || code}${advice && `; ${advice}`} (${code})`;
  const options = { cause: error };
  const made = isLasting(cause) ? new FailTask(message, options) : new Error(message, options);
  return Object.assign(made, { code });
}

/** The innermost error that says why; the last of several. */
function causeOf(error: unknown): ClientError {
  const { errors = [], cause, apiId } = (error ?? {}) as ClientError;
  if (apiId) return error as ClientError;
  const inner = errors.filter(Boolean).at(-1) ?? cause;
  return inner instanceof Error ? causeOf(inner) : (error as ClientError);
}

/** The client finds an absent topic by itself, and then has no code of the protocol. */
function codeOf({ apiId, code, message }: ClientError): string {
  if (code === "PLT_KFK_USER" && message.startsWith("Unknown topic")) return ABSENT_TOPIC;
  return apiId ?? code ?? "";
}

function remedyOf(cause: ClientError): string {
  if (isTlsCode(cause.code)) return TLS;
  if (cause.code === "PLT_KFK_AUTHENTICATION") return LOGIN;
  return REMEDIES[codeOf(cause)] ?? "";
}

function isLasting(cause: ClientError): boolean {
  if (isTlsCode(cause.code) || cause.code === "PLT_KFK_AUTHENTICATION") return true;
  if (cause.apiId === undefined) return cause.code === "PLT_KFK_USER";
  return cause.canRetry === false || cause.apiId === ABSENT_TOPIC;
}

const isOfClient = (error: unknown): boolean =>
  String((error as ClientError | undefined)?.code).startsWith("PLT_KFK_");

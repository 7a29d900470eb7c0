/** Why a request to Azure Blob Storage failed, in words, and whether a retry can help. */
import { errorMessage, FailTask } from "dagsmith";
import { isLastingStatus } from "dagsmith/plugins/object_backend";
import { isTlsCode } from "dagsmith/plugins/tls";

/** What Azure's client throws, known by its fields. */
interface RestError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

const LOGIN_ERROR = /^(CredentialUnavailable|Authentication)/;
const LONGEST_REASON = 300;

const REMEDIES: Readonly<Record<number, string>> = {
  401: "check the login of the connection",
  403: "check the key of the connection, or give its client the role Storage Blob Data Contributor",
  404: "check the name of the container",
  429: "the service asks for fewer requests",
  503: "the service is too busy",
};

/**
 * The code of Azure, such as BlobNotFound; undefined for another error. The answer to a
 * HEAD has no body, so its code is only in a header.
 */
export function codeOf(error: unknown): string | undefined {
  const { code, response } = (error ?? {}) as Partial<RestError>;
  return code ?? response?.headers?.get("x-ms-error-code");
}

/**
 * An error of Azure's client with its place; any other error as it is.
 * @param place operation and object
 */
export function azureError(place: string, host: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, code, statusCode } = error as RestError;
  if (LOGIN_ERROR.test(name)) return noLogin(place, error);
  if (name !== "RestError") return error;
  const words = `${place}: ${statusCode === undefined ? `no answer from ${host}: ` : ""}${reasonOf(error)}`;
  const isLasting = statusCode === undefined ? isTlsCode(code) : isLastingStatus(statusCode);
  if (isLasting) return new FailTask(words, { cause: error });
  const seconds = Number((error as RestError).response?.headers?.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? { retryAfter: seconds } : {};
  return Object.assign(new Error(words, { cause: error }), retryAfter);
}

function noLogin(place: string, error: Error): FailTask {
  return new FailTask(
    `${place}: no login: ${firstLine(error)}; give the connection a key, or the machine an identity`,
    { cause: error },
  );
}

/** The first line: the others repeat the request and its time. */
function reasonOf(error: RestError): string {
  const { statusCode } = error;
  const code = codeOf(error);
  const remedy = REMEDIES[statusCode ?? 0];
  const text = firstLine(error);
  const known = code && !text.includes(code) ? [code, text].filter(Boolean).join(": ") : text;
  const status = statusCode === undefined ? "" : `${statusCode} `;
  return `${status}${known || "no reason given"}${remedy ? `; ${remedy}` : ""}`;
}

function firstLine(error: Error): string {
  return (errorMessage(error).trim().split("\n")[0] ?? "").slice(0, LONGEST_REASON);
}

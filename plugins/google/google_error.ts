/** Why a request to Google Cloud failed, in words, and whether a retry can help. Pure. */
import { STATUS_CODES } from "node:http";
import { errorMessage, FailTask } from "dagsmith";
import { isLastingStatus } from "dagsmith/plugins/object_backend";
import { isTlsCode } from "dagsmith/plugins/tls";
import type { HttpAnswer } from "./google_http.ts";

/** Too many requests, although the status is 403. */
const THROTTLED = /rateLimitExceeded|userRateLimitExceeded/;
const EXCERPT_CHARACTERS = 300;

/**
 * What to do about an answer, by its status.
 * @example const remedies: Remedies = { 404: "check the name of the bucket" };
 */
export type Remedies = Readonly<Record<number, string>>;

/** The same for all services. */
const SHARED_REMEDIES: Remedies = {
  401: "check the key of the connection",
  429: "the service asks for fewer requests",
  503: "the service is too busy",
};

/** The answer says that there are too many requests, or that the service fails. */
export function isPassing({ status, body }: HttpAnswer): boolean {
  if (status === 403) return THROTTLED.test(body.toString());
  return status === 408 || status === 429 || status >= 500;
}

/**
 * An answer that refuses, as the error of a task.
 * @param place operation and object
 * @param remedies of the service
 * @returns FailTask where a retry cannot help
 * @example throw refusal("GCS get gs://lake/a.csv", answer, remedies);
 */
export function refusal(place: string, answer: HttpAnswer, remedies: Remedies): Error {
  const { status } = answer;
  const remedy = remedies[status] ?? SHARED_REMEDIES[status];
  const words = `${place}: ${status} ${reasonOf(answer)}${remedy ? `; ${remedy}` : ""}`;
  if (isLastingStatus(status) && !isPassing(answer)) return new FailTask(words);
  const seconds = Number(answer.headers["retry-after"] ?? Number.NaN);
  return Object.assign(new Error(words), Number.isFinite(seconds) && { retryAfter: seconds });
}

function reasonOf({ status, body }: HttpAnswer): string {
  const text = body.toString();
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
    if (typeof error?.message === "string") return error.message;
  } catch {
    // An answer in XML, of a proxy or of a media request.
  }
  return (text.trim() || STATUS_CODES[status] || "no reason given").slice(0, EXCERPT_CHARACTERS);
}

/** The error of a connection, as the error of a task; any other error as it is. */
export function noAnswer(place: string, host: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== "string" && !/^silent /.test(errorMessage(error))) return error;
  const reason = errorMessage(error).trim() || String(code);
  const words = `${place}: no answer from ${host}: ${reason}`;
  return isTlsCode(code)
    ? new FailTask(words, { cause: error })
    : new Error(words, { cause: error });
}

/** Google's client found no login, or Google refused it. The error repeats no key. */
export function noLogin(place: string, error: unknown): Error {
  const words = `${place}: no login: ${errorMessage(error).slice(0, EXCERPT_CHARACTERS)}`;
  const { code } = error as { readonly code?: unknown };
  return isNetwork(code)
    ? new Error(words, { cause: error })
    : new FailTask(`${words}; give the connection a key, or the machine a service account`, {
        cause: error,
      });
}

const isNetwork = (code: unknown): boolean =>
  typeof code === "string" && /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE)/.test(code);

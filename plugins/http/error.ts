/** The error of a request without a good answer. */
import { STATUS_CODES } from "node:http";
import { errorMessage, FailTask, withCode } from "dagsmith";
import { isTlsCode } from "dagsmith/plugins/tls";

/** Statuses that stay the same, however often the request is repeated. */
const LASTING = [301, 302, 307, 308, 400, 401, 403, 405, 406, 410, 411, 413, 414, 415, 422, 451];

/** Texts of fetch for faults that have no code. */
const BAD_PORT = "bad port";
const IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`^${BAD_PORT}$`),
    "fetch refuses this port, because it belongs to another protocol. Give the service another port",
  ],
  [/^init\["status"\]/, "the answer has a status outside of 200 to 599"],
];

function isLasting(status: number | null, cause: unknown): boolean {
  if (status !== null) return LASTING.includes(status);
  return isTlsCode(codeOf(cause)) || messageOfCause(cause) === BAD_PORT;
}

const messageOfCause = (error: unknown): string | undefined =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;

/**
 * An answer of 400 or above, or no complete answer at all. Its message names method and
 * path, never the query or a header.
 * @example if (error instanceof HttpError && error.status === 404) return [];
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  /** Null when there was no complete answer. */
  readonly status: number | null;
  /**
   * `HTTP_NO_ANSWER` when there was no complete answer, `HTTP_INVALID_BODY` for a good
   * status whose body cannot be read, else `HTTP_STATUS`.
   */
  readonly code: "HTTP_STATUS" | "HTTP_NO_ANSWER" | "HTTP_INVALID_BODY";
  /**
   * Seconds after which the service wants the next request; the task's next try waits as
   * long. Present when the service sent it.
   */
  readonly retryAfter?: number;
  /**
   * False when the same request would fail again: 401, 403, 410 and their like, or a
   * certificate that is refused. No retry of the task follows then, unless its `retryIf`
   * asks for one.
   */
  readonly retryable: boolean;

  constructor(
    message: string,
    status: number | null,
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = errorCodeOf(status);
    this.retryable = !isLasting(status, options.cause);
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
}

function errorCodeOf(status: number | null): HttpError["code"] {
  if (status === null) return "HTTP_NO_ANSWER";
  return status < 300 ? "HTTP_INVALID_BODY" : "HTTP_STATUS";
}

/**
 * Statuses whose Retry-After is about the same request (RFC 9110, 10.2.3; RFC 6585, 4).
 */
const ASKING_TO_WAIT = [429, 503];
/** Enough of a refusal to show its reason, but less than a page of HTML. */
const EXCERPT_CHARACTERS = 200;

/**
 * Reads the answer's body, so it is used up afterwards.
 * @param waitMs the delay of Retry-After in milliseconds; null without one
 */
export async function refusal(
  request: string,
  host: string,
  response: Response,
  waitMs: number | null,
): Promise<HttpError> {
  const body = await response.text().catch(() => "");
  const reason = body.trim().slice(0, EXCERPT_CHARACTERS);
  const words = STATUS_CODES[response.status] ?? response.statusText;
  const answered = `${request} answered ${response.status} ${words} (${host})`;
  const asked =
    waitMs !== null && ASKING_TO_WAIT.includes(response.status)
      ? { retryAfter: waitMs / 1_000 }
      : {};
  return new HttpError(reason === "" ? answered : `${answered}: ${reason}`, response.status, asked);
}

/**
 * Why fetch failed: the error that it wraps is more precise than its own "fetch failed".
 */
export function failure(request: string, host: string, error: unknown): HttpError {
  const cause = error instanceof Error ? error.cause : undefined;
  const reason =
    cause instanceof Error ? errorMessage(cause) || codeOf(error) : errorMessage(error);
  const [, words = reason] = IN_WORDS.find(([text]) => text.test(reason ?? "")) ?? [];
  return new HttpError(`${request} failed: ${words} (${host})`, null, { cause: error });
}

/** The error of an operator: a FailTask when a retry of the task cannot help. */
export function operatorError(error: unknown): unknown {
  if (!(error instanceof HttpError) || error.retryable) return error;
  return withCode(error.code, new FailTask(error.message, { cause: error }));
}

/**
 * The system's or undici's code of a failed fetch, such as ECONNRESET; undefined when
 * there is none.
 */
export function codeOf(error: unknown): string | undefined {
  // A body that breaks off has the code itself; fetch wraps the error before it.
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause
    ? String(cause.code)
    : undefined;
}

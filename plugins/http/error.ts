/** The error of a request without a good answer. */

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
   * Seconds after which the service wants the next request; the task's next try waits as
   * long. Present when the service sent it.
   */
  readonly retryAfter?: number;

  constructor(
    message: string,
    status: number | null,
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
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
  response: Response,
  waitMs: number | null,
): Promise<HttpError> {
  const body = await response.text().catch(() => "");
  const reason = body.trim().slice(0, EXCERPT_CHARACTERS);
  const answered = `${request} answered ${response.status} ${response.statusText}`.trimEnd();
  const asked =
    waitMs !== null && ASKING_TO_WAIT.includes(response.status)
      ? { retryAfter: waitMs / 1_000 }
      : {};
  return new HttpError(reason === "" ? answered : `${answered}: ${reason}`, response.status, asked);
}

/**
 * Why fetch failed: the error that it wraps is more precise than its own "fetch failed".
 */
export function failure(request: string, error: unknown): HttpError {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  const reason = cause instanceof Error ? cause.message || codeOf(error) : message;
  return new HttpError(`${request} failed: ${reason}`, null, { cause: error });
}

/**
 * The system's or undici's code of a failed fetch, such as ECONNRESET; undefined when
 * there is none.
 */
export function codeOf(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause
    ? String(cause.code)
    : undefined;
}

/**
 * Whether a request is made again, and after how long. Pure, but for the random part of
 * the delay.
 */
import { codeOf } from "./error.ts";

/** A repeated request with these methods cannot write twice (RFC 9110, 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
const PASSING_STATUSES = [429, 502, 503, 504];
/** The server closed the connection, before or during its answer, or did not run yet. */
const PASSING_CODES = [
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "EAI_AGAIN",
];

const FIRST_DELAY_MS = 250;
/**
 * A longer delay is not waited for here; the task's own retries are the place for that.
 */
const LONGEST_RETRY_AFTER_MS = 60_000;

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.includes(method);
}

/**
 * @returns milliseconds to wait before the next request, or null when a retry would not
 *   help
 */
export function delayAfterStatus(
  response: Response,
  attempt: number,
  now: number = Date.now(),
): number | null {
  if (!PASSING_STATUSES.includes(response.status)) return null;
  const asked = retryAfterMs(response.headers.get("retry-after"), now);
  if (asked === null) return backoffMs(attempt);
  return asked <= LONGEST_RETRY_AFTER_MS ? asked : null;
}

/**
 * @returns milliseconds to wait before the next request, or null when a retry would not
 *   help
 */
export function delayAfterFailure(error: unknown, attempt: number): number | null {
  return PASSING_CODES.includes(codeOf(error) ?? "") ? backoffMs(attempt) : null;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/**
 * 250 ms, 500 ms, 1 s …, each up to half as long again, so that many tasks do not retry
 * at the same instant.
 */
function backoffMs(attempt: number): number {
  return FIRST_DELAY_MS * 2 ** attempt * (1 + Math.random() / 2);
}

/** When a request is made again, and after how long. Pure, but for the dice. */
import { codeOf } from "./error.ts";

/** Asking again cannot do a thing twice (RFC 9110, 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
const PASSING_STATUSES = [429, 502, 503, 504];
/** The other side hung up, before or within its answer, or was not there yet. */
const PASSING_CODES = [
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "EAI_AGAIN",
];

const FIRST_DELAY_MS = 250;
/** Whoever asks for more patience than this is not waited for; the task's own retries are the place for that. */
const LONGEST_RETRY_AFTER_MS = 60_000;

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.includes(method);
}

/** @returns milliseconds to wait before asking again, or null when that would not help */
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

/** @returns milliseconds to wait before asking again, or null when that would not help */
export function delayAfterFailure(error: unknown, attempt: number): number | null {
  return PASSING_CODES.includes(codeOf(error) ?? "") ? backoffMs(attempt) : null;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** 250 ms, 500 ms, 1 s …, each up to half as long again, so that many tasks do not come back at the same instant. */
function backoffMs(attempt: number): number {
  return FIRST_DELAY_MS * 2 ** attempt * (1 + Math.random() / 2);
}

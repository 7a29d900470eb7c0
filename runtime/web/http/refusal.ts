/**
 * An error as the caller may see it: a status, a code and a message, and no internals.
 */
import { type ErrorCode, isDagsmithError } from "../../../sdk/errors.ts";
import { Refused } from "./refused.ts";

/** Statuses of errors that the caller can correct. Every other error is ours: 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNKNOWN_DAG: 404,
  UNKNOWN_RUN: 404,
  UNKNOWN_VERSION: 404,
  UNKNOWN_TASK: 404,
  UNKNOWN_INSTANCE: 404,
  UNKNOWN_ASSET: 404,
  UNKNOWN_POOL: 404,
  UNKNOWN_DEPLOYMENT: 404,
  DEPLOYMENT_PRUNED: 409,
  DEPLOYED_MEANWHILE: 409,
  EXTERNAL_ID_REUSED: 409,
  INVALID_DEPLOYMENT: 422,
  CONNECTION_NOT_FOUND: 404,
  VARIABLE_NOT_FOUND: 404,
  UNKNOWN_CONNECTION_TYPE: 422,
  CONNECTION_REFUSED: 422,
  INVALID_CONNECTION: 422,
  CHANGED_MEANWHILE: 409,
  SECRET_KEY_MISSING: 409,
  CONNECTION_TYPES_FAILED: 503,
  INVALID_PARAMS: 422,
  SCHEMA_TOO_SLOW: 422,
  SCHEMA_UNUSABLE: 422,
  OUTPUT_TOO_LARGE: 422,
  WEBHOOK_REFUSED: 401,
  INVALID_WEBHOOK_BODY: 400,
  WEBHOOK_KEY_REUSED: 409,
  INVALID_DATE: 422,
  INVALID_ARGUMENT: 400,
  RUN_EXISTS: 409,
  RUN_FINISHED: 409,
  TASK_NOT_ACTIVE: 409,
  INVALID_ANSWER: 422,
  NOT_A_QUESTION: 404,
  NOT_ASKED: 403,
  QUESTION_ANSWERED: 409,
  QUESTION_CLOSED: 409,
  UNKNOWN_BACKFILL: 404,
  UNKNOWN_SCHEDULE: 422,
  BACKFILL_NO_SCHEDULE: 422,
  BACKFILL_BACKWARDS: 422,
  BACKFILL_DEPENDS_ON_PAST: 422,
  BACKFILL_IN_FUTURE: 422,
  BACKFILL_RANGE: 422,
  BACKFILL_EMPTY: 422,
  BACKFILL_TOO_LARGE: 422,
  INVALID_LABEL: 422,
  BACKFILL_ACTIVE: 409,
  BACKFILL_ENDED: 409,
  NOTHING_TO_CLEAR: 409,
  CLEAR_RUNNING: 409,
  RUN_RUNNING: 409,
  UNKNOWN_USER: 404,
  USER_EXISTS: 409,
  LAST_ADMIN: 409,
  UNKNOWN_TOKEN: 404,
  TOKEN_EXISTS: 409,
  LINK_USED: 410,
  DATABASE_AWAY: 503,
};

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly code: string;
}

/** @param mask hides secrets in messages, which may quote the input */
export function refusalOf(error: unknown, mask: (text: string) => string): Refusal {
  if (error instanceof Refused)
    return { status: error.status, message: error.message, code: "REFUSED" };
  if (isDagsmithError(error)) {
    const status = STATUS[error.code] ?? 500;
    return status === 500 ? internal() : { status, message: mask(error.message), code: error.code };
  }
  const status = statusOf(error);
  return status >= 400 && status < 500
    ? { status, message: MESSAGES[status] ?? "The request is not understood.", code: "REFUSED" }
    : internal();
}

/** body-parser and the router report a wrong request with a status below 500. */
function statusOf(error: unknown): number {
  return error instanceof Error && "status" in error && typeof error.status === "number"
    ? error.status
    : 500;
}

function internal(): Refusal {
  return {
    status: 500,
    message: "Something went wrong here. See the server's log.",
    code: "INTERNAL",
  };
}

const MESSAGES: Readonly<Record<number, string>> = {
  413: "The request is too large.",
  415: "The request has a type or encoding that is not understood.",
};

/**
 * Tells a broken connection from a wrong statement, and repeats work after a broken
 * connection.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Patience } from "./patience.ts";

/**
 * Errors of the connection or the server, and not of the statement: the same one may
 * succeed later.
 */
const TRANSIENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "the host cannot be reached",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the name server does not answer",
  "08001": "the connection could not be made",
  "08003": "the connection does not exist",
  "08006": "the connection failed",
  "08P01": "the pooler or the server broke the protocol",
  "25006": "the database is read-only",
  "25P03": "the session was idle in a transaction for too long",
  "40001": "transactions ran into each other",
  "40P01": "transactions waited for each other",
  "53100": "its disk is full",
  "53200": "it is out of memory",
  "53300": "it has too many connections",
  "55P03": "a lock was not free in time",
  "57P01": "it is being stopped",
  "57P02": "it crashed",
  "57P03": "it is starting",
  "57P05": "it ended an idle session",
  "58030": "it could not read or write a file",
};

/** Whether the same statement may succeed when it is repeated. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code;
  if (code !== undefined) return code in TRANSIENT;
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/.test(
    error.message,
  );
}

const REFUSALS: readonly unknown[] = ["25006", "53100"];

/**
 * Whether the server answers, and takes no writes: it is read-only, or its disk is full.
 */
export function refusesWrites(error: unknown): boolean {
  return REFUSALS.includes((error as { readonly code?: string }).code);
}

/** Why a {@link isTransient} error happened, in words. */
function transientReason(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return (code !== undefined && TRANSIENT[code]) || message;
}

/** No right to do what the statement does. */
const REFUSED = "42501";

/**
 * An error of the database that people can act on, with a code; undefined for any other
 * error.
 */
export function databaseError(error: unknown): DagsmithError | undefined {
  if (isTransient(error))
    return new DagsmithError("DATABASE_AWAY", { reason: transientReason(error) }, { cause: error });
  const { code = "", message = code } = error as { code?: string; message?: string };
  if (code === REFUSED)
    return new DagsmithError("DATABASE_REFUSED", { reason: message }, { cause: error });
  return isClosed(error)
    ? new DagsmithError("DATABASE_CLOSED", { reason: message }, { cause: error })
    : undefined;
}

/** Login or password refused, database unknown or dropped, and a pause of connections. */
const CLOSED: readonly unknown[] = ["28000", "28P01", "3D000", "57P04", "55000"];

/** Whether the server ended or refused a connection for a reason that does not pass by itself. */
function isClosed(error: unknown): boolean {
  const { code, severity } = error as { readonly code?: string; readonly severity?: string };
  return severity === "FATAL" && CLOSED.includes(code);
}

/**
 * Told when a wait for the database begins, with the reason, and with null when it is
 * over.
 */
export type WaitListener = (reason: string | null) => void;

export interface WaitOptions {
  /** Aborted: the first transient error is final. */
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: WaitListener | undefined;
  /** Ends the wait of a process that was asked to stop. */
  readonly patience?: Patience | undefined;
}

/**
 * Runs `work` until it succeeds or fails for another reason, with pauses from 50 ms
 * doubling to 2 s.
 */
export function whileServerReturns<Result>(
  work: () => Promise<Result>,
  options: WaitOptions = {},
): Promise<Result> {
  const repeated = (): Promise<Result> => repeatWhileTransient(work, options);
  return options.patience ? options.patience.limit(repeated) : repeated();
}

async function repeatWhileTransient<Result>(
  work: () => Promise<Result>,
  { signal, onWait }: WaitOptions,
): Promise<Result> {
  let waits = false;
  try {
    for (let pauseMs = 50; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error) || signal?.aborted) throw error;
        // A collision is over at once; only what lasts is worth a line.
        if (!waits && pauseMs > 200) {
          waits = true;
          onWait?.(transientReason(error));
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  } finally {
    // Also after an error: the server has answered, or the process does not wait any
    // more.
    if (waits) onWait?.(null);
  }
}

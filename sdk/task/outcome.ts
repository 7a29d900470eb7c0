/**
 * The errors with which a task body decides how its try ends. Any other error fails the
 * try, and another try follows if retries are left, unless the error says by
 * `retryable: false` that none can help.
 */
import { type Duration, durationMs } from "../duration.ts";

/**
 * Fails the task now, whatever retries are left: for errors that a retry cannot mend.
 * Airflow: AirflowFailException.
 * @example throw new FailTask("the bucket does not exist");
 */
export class FailTask extends Error {
  /** Tells it from other errors, also across copies of the package. */
  override readonly name = "FailTask";
}

/**
 * Gives an error a stable code. The log, the page, the API and callbacks show it, and a
 * `retryIf` may ask for it. Errors of Node and of
 * database clients have one already.
 * @param code letters, digits, `_`, `-` and `.`, at most 100
 * @returns the same error
 * @example throw withCode("NO_ORDERS", new FailTask("the shop has no orders of that day"));
 */
export function withCode<Thrown extends Error>(
  code: string,
  error: Thrown,
): Thrown & { readonly code: string } {
  return Object.assign(error, { code });
}

/**
 * Ends the task as skipped. The tasks after it follow their trigger rules. Airflow:
 * AirflowSkipException.
 * @example if (rows.length === 0) throw new SkipTask("nothing new");
 */
export class SkipTask extends Error {
  /** Tells it from other errors, also across copies of the package. */
  override readonly name = "SkipTask";
}

/**
 * Fails this try, and sets when the next try may begin, whatever `retryDelay` is; at most
 * 24 hours from now. It uses up a retry like any failure. An error of any class with a
 * `retryAfter` (a duration such as `"30s"`, or a number of seconds) does the same.
 * @example throw new RetryAfter("30s", "the warehouse is being resized");
 */
export class RetryAfter extends Error {
  /** Tells it from other errors, also across copies of the package. */
  override readonly name = "RetryAfter";
  /** From now to the earliest start of the next try. */
  readonly retryAfter: Duration;

  /** @throws DagsmithError INVALID_DURATION */
  constructor(delay: Duration, message = `try again in ${delay}`, options?: ErrorOptions) {
    super(message, options);
    durationMs(delay);
    this.retryAfter = delay;
  }
}

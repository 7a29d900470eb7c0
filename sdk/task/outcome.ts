/**
 * What a task body throws to say how its try ends. Any other error means: this try failed, try again if retries are left.
 */
import { type Duration, durationMs } from "../duration.ts";

/**
 * Fails the task now, whatever retries are left. For errors that no retry mends.
 * @example throw new FailTask("the bucket does not exist");
 */
export class FailTask extends Error {
  override readonly name = "FailTask";
}

/**
 * Ends the task as skipped; tasks after it follow their trigger rule.
 * @example if (rows.length === 0) throw new SkipTask("nothing new");
 */
export class SkipTask extends Error {
  override readonly name = "SkipTask";
}

/**
 * Fails this try, and says when the next may begin, whatever `retryDelay` says (at most 24 hours from now). Uses up a retry like any
 * failure. An error of any class with a `retryAfter` (a duration such as `"30s"`, or a number of seconds) does the same.
 * @example throw new RetryAfter("30s", "the warehouse is being resized");
 */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  readonly retryAfter: Duration;

  constructor(delay: Duration, message = `try again in ${delay}`, options?: ErrorOptions) {
    super(message, options);
    durationMs(delay);
    this.retryAfter = delay;
  }
}

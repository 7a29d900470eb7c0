/**
 * What a task body throws to say how its try ends. Any other error means: this try failed, try again if retries are left.
 */

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

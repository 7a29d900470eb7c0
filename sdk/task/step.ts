/**
 * Steps: parts of one task whose results are kept, so that a retry goes on after them.
 */
import type { DateTime } from "luxon";
import type { Duration } from "../duration.ts";

/** Most bytes of JSON that the result of one step may have. */
export const MAX_STEP_BYTES = 1024 * 1024;
/** Most characters of the name of a step. */
export const MAX_STEP_NAME = 200;

/**
 * Runs parts of a task once. A later try, also after the death of a worker, gets the
 * stored result of each step that is done, and runs the other steps. Clearing the task
 * forgets its steps.
 * @example
 * d.task("publish", async ({ step }) => {
 *   const draft = await step("create", () => createDraft());
 *   await step.sleep("review", "1h");
 *   await step("send", () => send(draft.id));
 * });
 */
export interface Step {
  /**
   * Runs `work`, unless a step of this name is done, and returns its result. The result
   * is stored before this returns. A worker that dies in the middle of a step runs it
   * again.
   * @param name 1 to 200 characters; each name once in a task
   * @param work returns what JSON can carry, at most 1 MiB, or undefined
   * @throws DagsmithError STEP_NAME_USED, INVALID_ARGUMENT, OUTPUT_NOT_JSON,
   *   OUTPUT_TOO_LARGE; and what `work` throws
   */
  <Value>(name: string, work: () => Value | Promise<Value>): Promise<Value>;
  /**
   * Waits without a slot and without a process: the task ends here, and its body runs
   * again from its beginning when the time has come. Code outside of steps runs again.
   * @param name 1 to 200 characters; each name once in a task
   * @param until how long to wait, or until when
   * @throws DagsmithError STEP_NAME_USED, INVALID_ARGUMENT, INVALID_DURATION
   */
  sleep(name: string, until: Duration | DateTime<true>): Promise<void>;
}

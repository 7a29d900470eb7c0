/** An end, as the engine follows it from the try that brought it to the counts of the tasks after it. */
import type { Json } from "../../../sdk/json.ts";
import type { FinalState } from "../../state/task_state.ts";

/** An instance that reached a final state. */
export interface Settled {
  readonly runId: number;
  readonly taskId: string;
  /** -1: the task as a whole (not mapped, or ended before its list was known). */
  readonly mapIndex: number;
  readonly state: FinalState;
  /** Of an iteration of a loop: another follows. */
  readonly again?: boolean;
  /** What that one begins with, in a loop of a group. */
  readonly next?: Json;
  /** Of an item of a mapped task: it was waiting for its place, and leaves none to another. */
  readonly waited?: boolean;
  /** Not an end, but how many instances of a mapped task that has ended do not count. */
  readonly leftOut?: number;
}

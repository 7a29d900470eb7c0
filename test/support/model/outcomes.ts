/** How tries end: drawn in words, and made into what the task's kind can end with. */

import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import type { WaitSpec } from "../../../sdk/spec/index.ts";
import { failed, skipped, success } from "../engine_driver.ts";
import fc from "../fast_check.ts";
import { allAfter } from "./after.ts";
import type { DagShape, ShapedTask } from "./dag_shape.ts";

export interface DrawnEnd {
  readonly as:
    | "list"
    | "nothing"
    | "object"
    | "skipped"
    | "left out"
    | "failed"
    | "failed for good"
    | "not done";
  readonly size: number;
}

export const drawnEnd: fc.Arbitrary<DrawnEnd> = fc.record({
  as: fc.constantFrom(
    ...(["list", "list", "list", "nothing", "object", "skipped", "left out"] as const),
    ...(["failed", "failed for good", "not done"] as const),
  ),
  size: fc.nat(4),
});

export function endInWords({ as, size }: DrawnEnd): string {
  return as === "list" ? `list of ${size}` : as;
}

export function outcomeOf(shape: DagShape, task: ShapedTask, { as, size }: DrawnEnd): Outcome {
  switch (as) {
    case "failed":
      return failed();
    case "failed for good":
      return failed(false);
    case "skipped":
      return skipped;
    case "left out":
      return task.kind === "mapped" || task.mappedIn !== null
        ? { kind: "skipped", reason: "no item of the list", filteredOut: true }
        : skipped;
    case "not done":
      if (isWaiting(task)) return waitingFor(task);
      if (task.kind === "sensor") return { kind: "not_yet" };
      return task.kind === "loop"
        ? { kind: "success", output: JSON.stringify([size]), again: true }
        : returning(shape, task, "list", size);
    default:
      return isWaiting(task) ? waitingFor(task) : returning(shape, task, as, size);
  }
}

/** Whether a try of the task ends by waiting: for an answer, or for the run that it calls. */
function isWaiting({ kind }: ShapedTask): boolean {
  return kind === "question" || kind === "call";
}

function waitingFor({ kind, flag }: ShapedTask): Outcome {
  const wait: WaitSpec =
    kind === "question"
      ? {
          ...{ type: "ask", subject: "Go?", body: null, reminderMs: null },
          ...{ timeoutMs: 600_000, otherwise: flag ? '"no"' : null },
        }
      : {
          ...{ type: "call", dagId: "model_called", params: "{}", version: null, waits: true },
          ...{ rerun: "failed", timeoutMs: 600_000 },
        };
  return { kind: "deferred", wait };
}

/**
 * A branch returns ids: the first few of those after it; an object stands for the id of a
 * task that does not come after it.
 */
function returning(
  shape: DagShape,
  { id, kind }: ShapedTask,
  as: "list" | "nothing" | "object",
  size: number,
): Outcome {
  if (kind === "branch")
    return success(
      as === "object" ? [id] : [...allAfter(shape, id)].slice(0, as === "list" ? size : 1),
    );
  if (as === "object") return success({ size });
  if (as === "list") return success([...Array(size).keys()]);
  return kind === "short circuit" ? success(false) : success();
}

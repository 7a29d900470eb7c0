/**
 * How the setups before a teardown ended. Read only when the rule of a teardown may be met: no
 * counter counts setups apart from other tasks.
 */
import { isFinal } from "../../state/task_state.ts";
import { allDone, type SetupCounts, type UpstreamCounts } from "../../state/trigger_rule.ts";
import { added, type Counts, countsOf, NOTHING, totalOf } from "../counts/counts.ts";
import type { Scope } from "../counts/scope.ts";
import type { PlannedTask } from "../plan/plan.ts";
import type { NewInstance } from "../store.ts";
import type { RunView } from "./run_view.ts";

/** Whether a task is a teardown whose rule may be met now. */
export function asksSetups({ spec }: PlannedTask, counts: UpstreamCounts): boolean {
  return spec.triggerRule === "all_done_setup_success" && allDone(counts);
}

/** @param scope of the teardown */
export async function setupsBefore(
  view: RunView,
  scope: Scope,
  { spec, mappedGroup }: PlannedTask,
): Promise<SetupCounts> {
  const { runId } = scope;
  const mapIndex = mappedGroup === null ? null : scope.mapIndex;
  const setups = spec.upstream.filter(
    (taskId) => view.task({ runId, taskId }).spec.kind?.type === "setup",
  );
  if (setups.length === 0) return { total: 0, success: 0, skipped: 0 };
  const stored = await view.tx.endsOf(runId, setups, mapIndex);
  const created = view.created.all.filter(
    (one) =>
      one.runId === runId &&
      setups.includes(one.taskId) &&
      (mapIndex === null || one.mapIndex === mapIndex),
  );
  const ends = [...stored.values(), ...created.map(endsOf)].reduce(added, NOTHING);
  return { total: totalOf(ends), success: ends.success, skipped: ends.skipped };
}

function endsOf({ state }: NewInstance): Counts {
  return isFinal(state) ? countsOf(state) : NOTHING;
}

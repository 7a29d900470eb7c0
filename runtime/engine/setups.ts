/** What became of the setups before a teardown. Read when a teardown's turn may have come: nobody else counts setups apart. */
import { isFinal } from "../state/task_state.ts";
import { allDone, type SetupCounts, type UpstreamCounts } from "../state/trigger_rule.ts";
import { COUNT_OF, NOTHING, totalOf } from "./counts.ts";
import { type PlannedTask, plannedTask } from "./plan.ts";
import type { Counts, EngineTx, LockedRun, NewInstance } from "./store.ts";

/** Whether the setups before a task matter now: it is a teardown, and its rule can speak. */
export function asksSetups({ spec }: PlannedTask, counts: UpstreamCounts): boolean {
  return spec.triggerRule === "all_done_setup_success" && allDone(counts);
}

/** @param made instances of this round, which the store does not know yet */
export async function setupsBefore(
  tx: EngineTx,
  { id, plan }: LockedRun,
  { spec }: PlannedTask,
  made: readonly NewInstance[],
): Promise<SetupCounts> {
  const setups = spec.upstream.filter((taskId) => plannedTask(plan, taskId).spec.kind?.type === "setup");
  if (setups.length === 0) return { total: 0, success: 0, skipped: 0 };
  const stored = await tx.endsOf(id, setups);
  const ends = [...stored.values(), ...made.flatMap((one) => (one.runId === id && setups.includes(one.taskId) ? [countOf(one)] : []))];
  const sum = (of: (counts: Counts) => number): number => ends.reduce((total, counts) => total + of(counts), 0);
  return {
    total: sum(totalOf),
    success: sum(({ success }) => success),
    skipped: sum(({ skipped }) => skipped),
  };
}

function countOf({ state }: NewInstance): Counts {
  return isFinal(state) ? { ...NOTHING, [COUNT_OF[state]]: 1 } : NOTHING;
}

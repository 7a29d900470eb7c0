/** What became of the setups before a teardown. Read when a teardown's turn may have come: nobody else counts setups apart. */
import { isFinal } from "../../state/task_state.ts";
import { allDone, type SetupCounts, type UpstreamCounts } from "../../state/trigger_rule.ts";
import { COUNT_OF, NOTHING, totalOf } from "../counts/counts.ts";
import { type PlannedTask, plannedTask } from "../plan/plan.ts";
import type { Counts, NewInstance } from "../store.ts";
import type { Round } from "./round.ts";

/** Whether the setups before a task matter now: it is a teardown, and its rule can speak. */
export function asksSetups({ spec }: PlannedTask, counts: UpstreamCounts): boolean {
  return spec.triggerRule === "all_done_setup_success" && allDone(counts);
}

/** @param mapIndex the place of the teardown */
export async function setupsBefore(
  round: Round,
  runId: number,
  { spec, mappedIn }: PlannedTask,
  mapIndex: number,
): Promise<SetupCounts> {
  const { plan } = round.run(runId);
  const setups = spec.upstream.filter(
    (taskId) => plannedTask(plan, taskId).spec.kind?.type === "setup",
  );
  if (setups.length === 0) return { total: 0, success: 0, skipped: 0 };
  const stored = await round.tx.endsOf(runId, setups, mappedIn === null ? null : mapIndex);
  const made =
    mappedIn === null
      ? round.made.filter((one) => one.runId === runId && setups.includes(one.taskId))
      : setups.flatMap((taskId) => round.madeAt({ runId, taskId, mapIndex }) ?? []);
  const ends = [...stored.values(), ...made.map(countOf)];
  const sum = (of: (counts: Counts) => number): number =>
    ends.reduce((total, counts) => total + of(counts), 0);
  return {
    total: sum(totalOf),
    success: sum(({ success }) => success),
    skipped: sum(({ skipped }) => skipped),
  };
}

function countOf({ state }: NewInstance): Counts {
  return isFinal(state) ? { ...NOTHING, [COUNT_OF[state]]: 1 } : NOTHING;
}

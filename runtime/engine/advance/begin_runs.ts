/**
 * How runs start: their counters are created, and the tasks that wait for no other are
 * instantiated.
 */
import type { RunEvent } from "../counts/run_event.ts";
import { scopeOf } from "../counts/scope.ts";
import { newCounter } from "../counts/task_counter.ts";
import type { PlannedTask } from "../plan/plan.ts";
import type { EngineTx, LockedRun } from "../store.ts";
import { ruleOutcome } from "./decide.ts";
import { instantiate } from "./instantiate.ts";
import { propagate } from "./propagate.ts";
import { RunView } from "./run_view.ts";

/**
 * Starts runs that this transaction has just moved to `running`, with all their tasks
 * open.
 * @returns the runs that ended at once: no task of them needs a worker
 */
export async function beginRuns(
  tx: EngineTx,
  runs: readonly LockedRun[],
): Promise<readonly number[]> {
  const view = new RunView(tx, runs);
  const ends: RunEvent[] = [];
  for (const run of runs) {
    const tasks = [...run.plan.tasks.values()].filter(({ spec }) => spec.parentGroup === undefined);
    for (const task of tasks) if (task.isCounted) view.counters.set(newCounter(task, run.id, -1));
    for (const task of tasks)
      if (waitsForNothing(task))
        ends.push(...(await instantiate(view, scopeOf(task, run.id, -1), task)));
  }
  await propagate(view, ends);
  return view.save();
}

/** A task without upstream, or with a rule that does not wait for its upstream. */
export function waitsForNothing(task: PlannedTask): boolean {
  return ruleOutcome(task, newCounter(task, 0, -1)) === "run";
}

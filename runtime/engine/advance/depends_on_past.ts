/** Tasks that waited for the run before their own (depends_on_past). */
import type { RunEvent } from "../counts/run_event.ts";
import type { DependsOnPastWait, EngineTx, LockedRun } from "../store.ts";
import { decide } from "./decide.ts";
import { propagate } from "./propagate.ts";
import { RunView } from "./run_view.ts";

/** DAGs of these runs in which a task may wait for the run before. */
export function dagsWithDependsOnPast(runs: readonly LockedRun[]): readonly string[] {
  return [...new Set(runs.flatMap(({ plan }) => (plan.hasDependsOnPast ? [plan.dagId] : [])))];
}

/**
 * Decides again on tasks that the run before allows now; much may have happened since
 * they waited.
 * @returns the runs that ended by it
 */
export async function resumeDependsOnPast(
  tx: EngineTx,
  waits: readonly DependsOnPastWait[],
): Promise<readonly LockedRun[]> {
  const locked = await tx.lockRuns([...new Set(waits.map(({ runId }) => runId))]);
  const runs = locked.filter(({ state }) => state === "running");
  const running = new Set(runs.map(({ id }) => id));
  const ofRunning = waits.filter(({ runId }) => running.has(runId));
  const view = new RunView(tx, runs);
  const ends: RunEvent[] = [];
  for (const counter of await view.counters.at(ofRunning.map((one) => ({ ...one, mapIndex: -1 }))))
    ends.push(...(await decide(view, counter, [])));
  view.endPastWaits(ofRunning);
  await propagate(view, ends);
  const ended = new Set(await view.save());
  return runs.filter(({ id }) => ended.has(id));
}

/**
 * How a run goes on after people changed its instances: its counters are those of a
 * rebuild.
 */

import type { Rebuilt, RebuiltCounter } from "../counts/rebuild.ts";
import type { RunEvent } from "../counts/run_event.ts";
import { countsMembers } from "../counts/task_counter.ts";
import { refill } from "./continue_task.ts";
import { decide } from "./decide.ts";
import { propagate } from "./propagate.ts";
import type { RunView } from "./run_view.ts";

/** Decides on every open task of the runs, and releases waiting items as slots allow. */
export async function resumeRebuilt(
  view: RunView,
  runs: readonly { readonly runId: number; readonly rebuilt: Rebuilt }[],
): Promise<void> {
  for (const { runId, rebuilt } of runs) view.counters.replace(runId, rebuilt);
  const ends: RunEvent[] = [];
  for (const rebuilt of runs.flatMap((run) => run.rebuilt.counters))
    if (rebuilt.isOpen) ends.push(...(await resume(view, rebuilt)));
  await propagate(view, ends);
}

async function resume(
  view: RunView,
  { counter, waiting }: RebuiltCounter,
): Promise<readonly RunEvent[]> {
  const task = view.task(counter);
  if (!counter.decided || countsMembers(task, counter)) return decide(view, counter, []);
  await refill(view, counter, task, waiting);
  return [];
}

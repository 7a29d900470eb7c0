/**
 * Every rule by which ends count. An end changes the counters of the tasks after it, of its own
 * task and of its group; the same rules count one end as it happens, and all instances of a run
 * after a clear or a mark (rebuild.ts). Pure.
 */
import type { RunProgress } from "../../state/run_state.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import { isLoop, type PlannedTask } from "../plan/plan.ts";
import { COUNT_OF, type Counts, countsOf, totalOf } from "./counts.ts";
import { loopState, memberResult } from "./group_result.ts";
import type { FinishedInstance, FinishedTask, RunEvent } from "./run_event.ts";
import { isWhole, type Scope, scopeOf } from "./scope.ts";
import type { Change } from "./task_counter.ts";

/** What an event changes. @param times of instances that ended alike: how many */
export function changesBy(task: PlannedTask, event: RunEvent, times = 1): readonly Change[] {
  const scope = scopeOf(task, event.runId, event.mapIndex);
  switch (event.kind) {
    case "instance":
      return [
        ...ownChanges(event, times),
        ...itemChanges(task, event, scope, times),
        ...groupChanges(task, scope, wholeEnds(task, event)),
      ];
    case "task":
      return [
        ...listChanges(task, event, scope),
        ...groupChanges(task, scope, wholeEnds(task, event)),
      ];
    case "length":
      return event.by === 0 ? [] : after(task, scope, { upstreamTotal: event.by });
  }
}

/**
 * How a task ended in its scope: as its one instance, as the loop that it is, or as all
 * its items. Undefined while something of it may be left: after an item, or an iteration.
 */
export function wholeEnds(task: PlannedTask, event: RunEvent): Counts | undefined {
  if (event.kind === "instance")
    return isWhole(task, event.mapIndex) ? countsOf(event.state) : undefined;
  if (event.kind === "length") return undefined;
  return isLoop(task.spec) ? countsOf(loopState(event.ends)) : event.ends;
}

/** The ended instances of a mapped task, of a loop, and of a task inside a mapped group. */
export function ownChanges(
  { runId, taskId, mapIndex, state }: FinishedInstance,
  times: number,
): readonly Change[] {
  return mapIndex < 0 ? [] : [{ runId, taskId, mapIndex: -1, own: { [COUNT_OF[state]]: times } }];
}

/**
 * Tasks after a mapped task count each item, but none that was removed. Iterations are
 * hidden.
 */
function itemChanges(
  task: PlannedTask,
  { mapIndex, state }: FinishedInstance,
  scope: Scope,
  times: number,
): readonly Change[] {
  const isHidden = !isWhole(task, mapIndex) && (isLoop(task.spec) || state === "removed");
  return isHidden ? [] : after(task, scope, { upstream: seen(task, countsOf(state, times)) });
}

/**
 * The end of a list takes back the items that were filtered out; with no item left it is
 * skipped.
 */
function listChanges(task: PlannedTask, { ends }: FinishedTask, scope: Scope): readonly Change[] {
  if (isLoop(task.spec)) {
    const state = loopState(ends);
    return after(task, scope, { upstream: seen(task, countsOf(state)) });
  }
  if (ends.removed === 0) return [];
  return ends.removed === totalOf(ends)
    ? after(task, scope, { upstreamTotal: 1 - ends.removed, upstream: { skipped: 1 } })
    : after(task, scope, { upstreamTotal: -ends.removed });
}

function groupChanges(
  task: PlannedTask,
  scope: Scope,
  ends: Counts | undefined,
): readonly Change[] {
  const { spec } = task;
  if (spec.parentGroup === undefined || !ends) return [];
  const result = memberResult(task, ends);
  return [{ ...scope, taskId: spec.parentGroup, own: { [result]: 1 } }];
}

/**
 * A change of the tasks directly after a task. They lie in the same groups, so in like
 * scopes.
 */
function after(
  { downstream }: PlannedTask,
  scope: Scope,
  change: Omit<Change, keyof Scope>,
): readonly Change[] {
  return downstream.map((taskId) => ({ ...scope, taskId, ...change }));
}

/** A failure that is allowed counts as a success for the tasks after it. */
function seen({ spec }: PlannedTask, ends: Counts): Counts {
  return spec.allowFailure ? { ...ends, success: ends.success + ends.failed, failed: 0 } : ends;
}

/** The progress of a run after a task ended as a whole. @param times -1 takes the end back */
export function progressAfter(
  { openTasks, failedLeaves, warnings }: RunProgress,
  { spec, isLeaf, size }: PlannedTask,
  ends: Counts,
  times = 1,
): RunProgress {
  // A task inside a group counts for the group, which counts for the run.
  const isTop = spec.parentGroup === undefined;
  return {
    openTasks: openTasks - (isTop ? size * times : 0),
    failedLeaves: failedLeaves + (isTop && isLeaf && countsAsFailure(spec, ends) ? times : 0),
    warnings: warnings + (spec.allowFailure && ends.failed > 0 ? times : 0),
  };
}

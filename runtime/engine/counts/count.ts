/**
 * Every rule by which ends count. An end changes the counters of the tasks after it, of
 * its own task and of its group; the same rules count one end as it happens, and all
 * instances of a run after a clear or a mark (rebuild.ts). Pure.
 */
import type { RunProgress } from "../../state/run_state.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import { isLoop, type PlannedTask } from "../plan/plan.ts";
import { COUNT_OF, type Counts, countsOf, totalOf } from "./counts.ts";
import { loopState, memberResult } from "./group_result.ts";
import type { FinishedInstance, FinishedTask, RunEvent } from "./run_event.ts";
import { isWhole, type Scope, scopeOf } from "./scope.ts";
import type { Change, CountsChange } from "./task_counter.ts";

/**
 * What an event changes.
 * @param times of instances that ended alike: how many. -1 takes an end back
 */
export function changesBy(
  task: PlannedTask,
  event: RunEvent,
  times: number = timesOf(event),
): readonly Change[] {
  const scope = scopeOf(task, event.runId, event.mapIndex);
  switch (event.kind) {
    case "instance":
      return [
        ...ownChanges(event, times),
        ...itemChanges(task, event, scope, times),
        ...groupChanges(task, scope, wholeEnds(task, event), times),
      ];
    case "task":
      return [
        ...listChanges(task, event, scope),
        ...groupChanges(task, scope, wholeEnds(task, event), times),
      ];
    case "length":
      return event.by === 0 ? [] : after(task, scope, { total: event.by });
  }
}

/** 1, or -1 for an end that is taken back. */
export function timesOf(event: RunEvent): 1 | -1 {
  return event.kind === "instance" && event.takenBack ? -1 : 1;
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

/**
 * The ended instances of a mapped task, of a loop, and of a task inside a mapped group.
 */
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
  return isHidden ? [] : after(task, scope, { ends: seen(task, countsOf(state, times)) });
}

/**
 * The end of a list takes back the items that were filtered out; with no item left it is
 * skipped.
 */
function listChanges(task: PlannedTask, { ends }: FinishedTask, scope: Scope): readonly Change[] {
  if (isLoop(task.spec)) {
    const state = loopState(ends);
    return after(task, scope, { ends: seen(task, countsOf(state)) });
  }
  if (ends.removed === 0) return [];
  return ends.removed === totalOf(ends)
    ? after(task, scope, { total: 1 - ends.removed, ends: { skipped: 1 } })
    : after(task, scope, { total: -ends.removed });
}

function groupChanges(
  task: PlannedTask,
  scope: Scope,
  ends: Counts | undefined,
  times: number,
): readonly Change[] {
  const { spec } = task;
  if (spec.parentGroup === undefined || !ends) return [];
  const result = memberResult(task, ends);
  return [{ ...scope, taskId: spec.parentGroup, own: { [result]: times } }];
}

/**
 * A change of the tasks directly after a task, of those that need it as a setup, and of
 * those that count it in their scope. They lie in the same groups, so in like scopes.
 */
function after(
  { downstream, setupOf, inScopeOf }: PlannedTask,
  scope: Scope,
  change: CountsChange,
): readonly Change[] {
  return [
    ...downstream.map((taskId) => ({ ...scope, taskId, upstream: change })),
    ...setupOf.map((taskId) => ({ ...scope, taskId, setups: change })),
    ...inScopeOf.map((taskId) => ({ ...scope, taskId, inScope: change })),
  ];
}

/** A failure that is allowed counts as a success for the tasks after it. */
function seen({ spec }: PlannedTask, ends: Counts): Counts {
  return spec.allowFailure ? { ...ends, success: ends.success + ends.failed, failed: 0 } : ends;
}

/**
 * The progress of a run after a task ended as a whole. @param times -1 takes the end back
 */
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

/**
 * Ends group instances whose tasks have all ended, or gives them their next try. The
 * engine holds a group instance as a worker holds a task; its tries are tries of all its
 * tasks.
 */
import { partition } from "../../../sdk/list.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { decideRetry } from "../../state/retry.ts";
import { ENGINE, type FinalState, isFinal } from "../../state/task_state.ts";
import { fail, filterOut, retry, skip, succeed, type Transition } from "../../state/transition.ts";
import { groupRetry } from "../../state/wait.ts";
import { groupState } from "../counts/group_result.ts";
import { type FinishedInstance, finished } from "../counts/run_event.ts";
import { type InstanceKey, scopeKey } from "../counts/scope.ts";
import { isLoop } from "../plan/plan.ts";
import { type GroupInstance, IN_A_FILE } from "../store.ts";
import type { RunView } from "./run_view.ts";

interface EndedGroup extends InstanceKey {
  readonly state: FinalState;
}

/** @returns the group instances that ended; the others wait for their next try */
export async function endGroups(view: RunView): Promise<readonly FinishedInstance[]> {
  const groups = view.takeEndedGroups().flatMap(({ runId, taskId, mapIndex, own }) => {
    const state = groupState(own, view.task({ runId, taskId }).members.length);
    return state === undefined ? [] : [{ runId, taskId, mapIndex, state }];
  });
  const [created, stored] = partition(groups, (group) => view.created.end(group, group.state));
  const ends = created.map((group) => finished(group, group.state));
  return stored.length === 0 ? ends : [...ends, ...(await endStored(view, stored))];
}

async function endStored(
  view: RunView,
  groups: readonly EndedGroup[],
): Promise<readonly FinishedInstance[]> {
  const found = await view.tx.groups(groups);
  const instances = new Map(found.map((one) => [scopeKey(one), one]));
  const moves = groups.flatMap((group) => {
    const instance = instances.get(scopeKey(group));
    return instance ? [moveOf(view.task(group).spec, instance, group.state)] : [];
  });
  const ends: FinishedInstance[] = [];
  for (const moved of await view.tx.apply(moves))
    if (isFinal(moved.state)) ends.push(await withNext(view, finished(moved, moved.state)));
  return ends;
}

/**
 * The output that an iteration left is the item of the next one; without it the loop is
 * done.
 */
async function withNext(view: RunView, end: FinishedInstance): Promise<FinishedInstance> {
  const { runId, taskId, mapIndex, state } = end;
  if (state !== "success" || !isLoop(view.task(end).spec)) return end;
  const output = await view.tx.output(runId, taskId, mapIndex);
  if (output === undefined || output === IN_A_FILE) return end;
  return { ...end, next: output ?? mapIndex + 1 };
}

function moveOf(spec: TaskSpec, instance: GroupInstance, state: FinalState): Transition {
  // The group was timed out or stopped: it fails, however its tasks ended.
  if (instance.reason !== null) return failedMove(spec, instance, instance.reason);
  if (state === "failed") return failedMove(spec, instance, "one of its last tasks failed");
  if (state === "success") return succeed(instance, ENGINE);
  return state === "skipped"
    ? skip(instance, ENGINE, "all of its last tasks were skipped")
    : filterOut(instance, ENGINE, "its item was filtered out");
}

function failedMove(spec: TaskSpec, instance: GroupInstance, reason: string): Transition {
  const { instanceId, clearedTries, elapsedMs } = instance;
  const decision = decideRetry(spec, {
    seed: `${instanceId}`,
    tryNumber: instance.tryNumber - clearedTries,
    lostTries: 0,
    retryable: true,
    elapsedMs,
  });
  return decision.again
    ? retry(instance, ENGINE, decision.delayMs, reason, null, groupRetry(decision.delayMs))
    : fail(instance, ENGINE, reason, null);
}

/**
 * What a changed counter means for its task: it waits, is instantiated, goes on, or ends.
 */
import { allDone, judge, judgeAll, type RuleOutcome } from "../../state/trigger_rule.ts";
import { groupState } from "../counts/group_result.ts";
import type { FinishedInstance, RunEvent } from "../counts/run_event.ts";
import type { Scope } from "../counts/scope.ts";
import { awaitedOf, countsMembers, isSum, type TaskCounter } from "../counts/task_counter.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { continueTask } from "./continue_task.ts";
import { instantiate } from "./instantiate.ts";
import { sourcesOf } from "./list_view.ts";
import type { RunView } from "./run_view.ts";

/** @param ends of the task's items or iterations, in this step */
export async function decide(
  view: RunView,
  scope: Scope,
  ends: readonly FinishedInstance[],
): Promise<readonly RunEvent[]> {
  const counter = view.counters.get(scope);
  const task = view.task(scope);
  if (!counter || isSum(task, counter)) return [];
  if (counter.decided) return goOn(view, counter, task, ends);
  const reason = await skipReason(view, counter, task);
  if (reason !== undefined) return [view.end(counter, { state: "skipped", reason })];
  return applyRule(view, counter, task);
}

async function goOn(
  view: RunView,
  counter: TaskCounter,
  task: PlannedTask,
  ends: readonly FinishedInstance[],
): Promise<readonly RunEvent[]> {
  if (!countsMembers(task, counter)) return continueTask(view, counter, task, ends);
  const state = groupState(counter.own, task.members.length);
  if (state !== undefined) view.groupEnded(counter);
  return [];
}

/**
 * Why a task is skipped whatever its trigger rule says: a stopped run or group, or a
 * branch.
 */
async function skipReason(
  view: RunView,
  { runId, mapIndex }: TaskCounter,
  task: PlannedTask,
): Promise<string | undefined> {
  const run = view.run(runId);
  const stopped = view.stops.reasonAgainst(run, task, mapIndex);
  if (stopped !== undefined) return stopped;
  const branch = await view.branches.skipping(run, task, mapIndex);
  return branch === undefined ? undefined : `skipped by branch ${branch}`;
}

/** Asks the trigger rule: the task waits, is instantiated, or ends without a try. */
async function applyRule(
  view: RunView,
  counter: TaskCounter,
  task: PlannedTask,
): Promise<readonly RunEvent[]> {
  if (task.mappedGroup !== null && counter.upstream.removed > 0)
    return [view.end(counter, { state: "removed", reason: "its item was filtered out" })];
  const outcome = ruleOutcome(task, counter);
  if (outcome === "wait") return [];
  if (outcome === "run") return instantiate(view, counter, task);
  const state = outcome === "skip" ? "skipped" : "upstream_failed";
  return [view.end(counter, { state, reason: ruleReason(task, counter, outcome) })];
}

function ruleReason({ spec }: PlannedTask, counter: TaskCounter, outcome: RuleOutcome): string {
  const { upstream, setups } = awaitedOf(counter);
  return spec.kind?.type === "teardown" || !setups || judge(spec.triggerRule, upstream) === outcome
    ? `trigger rule ${spec.triggerRule}`
    : `a setup that it needs ${outcome === "skip" ? "was skipped" : "failed"}`;
}

/**
 * A task mapped over the output of another waits for all tasks before it: the list must
 * be known.
 */
export function ruleOutcome({ spec }: PlannedTask, counter: TaskCounter): RuleOutcome {
  const awaited = awaitedOf(counter);
  const outcome = judgeAll(spec, awaited);
  const needsList = spec.each !== null && sourcesOf(spec.each).length > 0;
  return outcome === "run" && needsList && !allDone(awaited.upstream) ? "wait" : outcome;
}

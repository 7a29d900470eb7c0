/**
 * What a decision changes at once: of the tasks that it skips, each instance that neither
 * runs nor has ended as success or failed is skipped (Airflow's rule). So the result does
 * not depend on whether the branch task or another task before them ended first.
 */
import { PENDING_STATES, type TaskState } from "../../state/task_state.ts";
import { skipByDecision } from "../../state/transition.ts";
import { type FinishedInstance, finished, type RunEvent } from "../counts/run_event.ts";
import { type InstanceKey, scopeOf } from "../counts/scope.ts";
import { isBranchTask } from "../plan/branch_tasks.ts";
import { endFromOutside } from "../results/callbacks.ts";
import type { RunView } from "./run_view.ts";

interface Decision {
  readonly branch: FinishedInstance;
  /** Ids of the skipped tasks that were instantiated, or ended, before the decision. */
  readonly targets: readonly string[];
  /** The map index of the mapped group around them; null for all instances. */
  readonly mapIndex: number | null;
}

/** @returns the ends that decisions among these ends changed */
export async function skipTargets(
  view: RunView,
  ends: readonly RunEvent[],
): Promise<readonly FinishedInstance[]> {
  const changed: FinishedInstance[] = [];
  for (const branch of ends.filter((end) => isDecision(view, end))) {
    const decision = await decisionOf(view, branch);
    if (decision.targets.length === 0) continue;
    changed.push(...skipCreated(view, decision), ...(await skipStored(view, decision)));
  }
  return changed;
}

function isDecision(view: RunView, end: RunEvent): end is FinishedInstance {
  return end.kind === "instance" && end.state === "success" && isBranchTask(view.task(end).spec);
}

/** A task that is still to be decided asks the branch task by itself. */
async function decisionOf(view: RunView, branch: FinishedInstance): Promise<Decision> {
  const { runId } = branch;
  const { mappedGroup } = view.task(branch);
  const skipped = [...(await view.branches.skippedBy(view.run(runId), branch))];
  const targets = skipped.filter((taskId) => {
    const scope = scopeOf(view.task({ runId, taskId }), runId, branch.mapIndex);
    return view.counters.get(scope)?.decided === true;
  });
  return { branch, targets, mapIndex: mappedGroup === null ? null : branch.mapIndex };
}

/** Instances that this transaction created. */
function skipCreated(
  view: RunView,
  { branch, targets, mapIndex }: Decision,
): readonly FinishedInstance[] {
  const created = view.created.all.filter(
    (one) =>
      one.runId === branch.runId &&
      targets.includes(one.taskId) &&
      (mapIndex === null || one.mapIndex === mapIndex) &&
      isSkippable(one.state),
  );
  return created.flatMap((one) => {
    view.created.change(one, "skipped", reasonOf(branch));
    return changeOf(one, one.state);
  });
}

async function skipStored(
  view: RunView,
  { branch, targets, mapIndex }: Decision,
): Promise<readonly FinishedInstance[]> {
  const { runId } = branch;
  const instances = await view.tx.instancesOf(runId, targets, mapIndex);
  const ends = instances.flatMap((one) =>
    isSkippable(one.state)
      ? [{ was: one.state, transition: skipByDecision(one, reasonOf(branch)) }]
      : [],
  );
  const was = new Map(instances.map(({ instanceId, state }) => [instanceId, state]));
  const moved = await endFromOutside(view.tx, [view.run(runId)], ends);
  return moved.flatMap((one) => changeOf(one, was.get(one.id)));
}

function isSkippable(state: TaskState): boolean {
  return state === "upstream_failed" || (PENDING_STATES as readonly TaskState[]).includes(state);
}

/** The end of a skipped instance; the end that it had before is taken back. */
function changeOf(one: InstanceKey, was: TaskState | undefined): readonly FinishedInstance[] {
  const skipped = finished(one, "skipped");
  if (was === "scheduled") return [{ ...skipped, left: "scheduled" }];
  return was === "upstream_failed"
    ? [{ ...finished(one, "upstream_failed"), takenBack: true }, skipped]
    : [skipped];
}

function reasonOf({ taskId }: FinishedInstance): string {
  return `skipped by branch ${taskId}`;
}

/**
 * Groups that run as one: what becomes of one when its tasks have ended. A group's instance is `running` from its turn until then, held by the
 * engine and by no worker; its tries are tries of all its tasks. Whatever is before or after it sees it as one task.
 */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { decideRetry } from "../../state/retry.ts";
import { ENGINE, type FinalState, isFinal } from "../../state/task_state.ts";
import { fail, filterOut, retry, skip, succeed, type Transition } from "../../state/transition.ts";
import { groupRetry, groupTimeout, type Wait } from "../../state/wait.ts";
import { totalOf } from "../counts/counts.ts";
import { scopeKey } from "../counts/deltas.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import { isLoop, type PlannedTask } from "../plan/plan.ts";
import {
  type Counted,
  type Counts,
  type GroupInstance,
  IN_A_FILE,
  type Progress,
} from "../store.ts";
import type { Settled } from "./finished_instance.ts";
import type { Round } from "./round.ts";

/** As what a task that has ended counts for the group that it is within. Those that do not decide the group's end count as removed. */
export function endWithin({ isLeaf, spec }: PlannedTask, ends: Counts): keyof Counts {
  if (!isLeaf) return "removed";
  if (countsAsFailure(spec, ends)) return "failed";
  if (ends.success + ends.failed > 0) return "success";
  return ends.skipped > 0 ? "skipped" : "removed";
}

/** How a group ended, told from what its tasks counted for; undefined while one of them has not ended. */
function groupState(own: Counts, members: number): FinalState | undefined {
  if (totalOf(own) < members) return undefined;
  if (own.failed > 0) return "failed";
  if (own.success > 0) return "success";
  return own.skipped > 0 ? "skipped" : "removed";
}

/** When the time of a group that begins its next try is up. @param elapsedMs since the start of its first try */
export function timeLimit(
  { executionTimeoutMs, totalTimeoutMs }: TaskSpec,
  elapsedMs = 0,
): Wait | undefined {
  const own = executionTimeoutMs ?? Number.POSITIVE_INFINITY;
  const left =
    totalTimeoutMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, totalTimeoutMs - elapsedMs);
  const ms = Math.min(own, left);
  return Number.isFinite(ms) ? groupTimeout(ms) : undefined;
}

/** Groups whose tasks have all ended in this round. */
export class EndedGroups {
  readonly #round: Round;
  #ended: { readonly of: Counted; readonly task: PlannedTask; readonly state: FinalState }[] = [];

  constructor(round: Round) {
    this.#round = round;
  }

  /** Whether some wait to be settled. */
  get isAny(): boolean {
    return this.#ended.length > 0;
  }

  /** Takes note of a group whose tasks have just been counted. */
  note({ runId, taskId, mapIndex, own }: Progress, task: PlannedTask): void {
    const state = groupState(own, task.members.length);
    if (state !== undefined) this.#ended.push({ of: { runId, taskId, mapIndex }, task, state });
  }

  /** Ends them, or lets them wait for their next try. @returns those that ended */
  async settle(): Promise<readonly Settled[]> {
    const ended = this.#ended;
    this.#ended = [];
    const unseen = ended.filter(({ of, state }) => this.#round.endMade(of, state));
    const others = ended.filter((one) => !unseen.includes(one));
    const ends: Settled[] = unseen.map(({ of, state }) => ({ ...of, state }));
    if (others.length === 0) return ends;
    const instances = new Map(
      (await this.#round.tx.groups(others.map(({ of }) => of))).map((one) => [scopeKey(one), one]),
    );
    const moves = others.flatMap(({ of, task, state }) => {
      const instance = instances.get(scopeKey(of));
      return instance ? [moveOf(task.spec, instance, state)] : [];
    });
    for (const { runId, taskId, mapIndex, state } of await this.#round.tx.apply(moves))
      if (isFinal(state)) ends.push(await this.#iterated({ runId, taskId, mapIndex, state }));
    return ends;
  }

  /** An iteration of a loop that left something lets another follow, which begins with it. */
  async #iterated(end: Settled): Promise<Settled> {
    if (end.state !== "success" || !isLoop(this.#round.task(end).spec)) return end;
    const next = await this.#round.tx.output(end.runId, end.taskId, end.mapIndex);
    return next === undefined || next === IN_A_FILE ? end : { ...end, again: true, next };
  }
}

/** The verb that the end of its tasks amounts to. */
function moveOf(spec: TaskSpec, instance: GroupInstance, state: FinalState): Transition {
  // A group whose time was up has failed, whatever its tasks came to.
  if (state === "failed" || instance.reason !== null)
    return failedMove(spec, instance, instance.reason ?? "one of its last tasks failed");
  if (state === "success") return succeed(instance, ENGINE);
  return state === "skipped"
    ? skip(instance, ENGINE, "all of its last tasks were skipped")
    : filterOut(instance, ENGINE, "its item was left out");
}

function failedMove(spec: TaskSpec, instance: GroupInstance, reason: string): Transition {
  const { instanceId, clearedTries, elapsedMs } = instance;
  const tryNumber = instance.tryNumber - clearedTries;
  const decision = decideRetry(spec, {
    seed: `${instanceId}`,
    tryNumber,
    lostTries: 0,
    retryable: true,
    elapsedMs,
  });
  return decision.again
    ? retry(instance, ENGINE, decision.delayMs, reason, null, groupRetry(decision.delayMs))
    : fail(instance, ENGINE, reason, null);
}

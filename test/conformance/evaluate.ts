/**
 * What a run amounts to when its tasks are in given states, without running any: which
 * tasks end by their rules, which may run now, and the run's own state. The engine itself
 * decides, on a store that may be thrown away; used to hold its rules against known
 * cases.
 */

import { waitsForNothing } from "../../runtime/engine/advance/begin_runs.ts";
import { instantiate } from "../../runtime/engine/advance/instantiate.ts";
import { propagate } from "../../runtime/engine/advance/propagate.ts";
import { RunView } from "../../runtime/engine/advance/run_view.ts";
import { finished, type RunEvent } from "../../runtime/engine/counts/run_event.ts";
import { scopeOf } from "../../runtime/engine/counts/scope.ts";
import { newCounter } from "../../runtime/engine/counts/task_counter.ts";
import { UNROUTED } from "../../runtime/engine/limits/limits.ts";
import type { EngineTx, LockedRun } from "../../runtime/engine/store.ts";
import { judgeRun, type RunState } from "../../runtime/state/run_state.ts";
import {
  FINAL_STATES,
  type FinalState,
  isFinal,
  type TaskState,
} from "../../runtime/state/task_state.ts";

/** What the evaluation reads back. */
export interface EvaluationStore extends EngineTx {
  readonly run: LockedRun;
  readonly instances: readonly { readonly taskId: string; readonly state: TaskState }[];
}

export interface Evaluation {
  readonly runState: RunState;
  /** Every task; `none` where it has neither ended nor begun. */
  readonly states: Readonly<Record<string, TaskState | "none">>;
  /** Tasks that may run now, in the order of the DAG. */
  readonly ready: readonly string[];
}

/**
 * Evaluates a run, on an empty store of its own.
 * @param given states of tasks; those not named have not begun
 */
export async function evaluateRun(
  store: EvaluationStore,
  given: Readonly<Record<string, TaskState>>,
): Promise<Evaluation> {
  const { run } = store;
  await takeAsGiven(store, given);
  const view = new RunView(store, [run]);
  const ends = Object.entries(given).flatMap(([taskId, state]): readonly RunEvent[] =>
    isFinal(state) ? [finished({ runId: run.id, taskId, mapIndex: -1 }, state)] : [],
  );
  await propagate(view, ends);
  await startTasks(view, run, new Set(Object.keys(given)));
  await view.save();
  return read(store, given);
}

/**
 * Instantiates the tasks that need not wait, as at the begin of a run. @param given not
 * these
 */
async function startTasks(
  view: RunView,
  run: LockedRun,
  given: ReadonlySet<string>,
): Promise<void> {
  const ends: RunEvent[] = [];
  for (const task of run.plan.tasks.values()) {
    const scope = scopeOf(task, run.id, -1);
    const isDecided =
      given.has(task.spec.taskId) || (await view.counters.at([scope]))[0]?.decided === true;
    if (task.spec.parentGroup === undefined && !isDecided && waitsForNothing(task))
      ends.push(...(await instantiate(view, scope, task)));
  }
  await propagate(view, ends);
}

/**
 * An unfinished state is as good as any other to the rules: something is still to come.
 */
async function takeAsGiven(
  store: EvaluationStore,
  given: Readonly<Record<string, TaskState>>,
): Promise<void> {
  const { run } = store;
  const counted = [...run.plan.tasks.values()].filter(({ isCounted }) => isCounted);
  await store.save({
    instances: Object.entries(given).map(([taskId, state]) => {
      const known: "queued" | FinalState = isFinal(state) ? state : "queued";
      return {
        runId: run.id,
        taskId,
        mapIndex: -1,
        state: known,
        item: null,
        reason: null,
        error: null,
        route: UNROUTED,
      };
    }),
    counters: counted.map((task) => ({
      ...newCounter(task, run.id, -1),
      decided: given[task.spec.taskId] !== undefined,
    })),
    jobs: [],
    releases: [],
    runs: [],
    dependsOnPast: { waits: [], ended: [] },
  });
}

function read(
  { run, instances }: EvaluationStore,
  given: Readonly<Record<string, TaskState>>,
): Evaluation {
  const found = new Map(instances.map(({ taskId, state }) => [taskId, state]));
  const taskIds = [...run.plan.tasks.keys()];
  const ready = taskIds.filter(
    (taskId) => given[taskId] === undefined && found.get(taskId) === "queued",
  );
  const states = taskIds.map((taskId) => [
    taskId,
    ready.includes(taskId) ? "none" : (given[taskId] ?? found.get(taskId) ?? "none"),
  ]);
  // Nothing runs and nothing may run: what is still to come never will.
  const isStuck =
    ready.length === 0 &&
    Object.values(given).every((state) => (FINAL_STATES as readonly TaskState[]).includes(state));
  return {
    runState: run.openTasks > 0 && isStuck ? "failed" : judgeRun(run),
    states: Object.fromEntries(states) as Evaluation["states"],
    ready,
  };
}

/**
 * What a run amounts to when its tasks are in given states, without running any: which tasks end by their rules, which may run now, and the
 * run's own state. The engine itself decides, on a store that may be thrown away; used to hold its rules against known cases.
 */

import { Advance } from "../../runtime/engine/advance/advance.ts";
import type { Settled } from "../../runtime/engine/advance/finished_instance.ts";
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
  const tasks = [...run.plan.tasks.values()];
  await store.createProgress(
    tasks.flatMap(({ isCounted, spec }) =>
      isCounted
        ? [
            {
              runId: run.id,
              taskId: spec.taskId,
              mapIndex: -1,
              upstreamTotal: spec.upstream.length,
            },
          ]
        : [],
    ),
  );
  await takeAsGiven(store, given);
  const advance = new Advance(store, [run]);
  const settled = Object.entries(given).flatMap(([taskId, state]): readonly Settled[] =>
    isFinal(state) ? [{ runId: run.id, taskId, mapIndex: -1, state }] : [],
  );
  await advance.follow(settled);
  await advance.begin(new Set(Object.keys(given)));
  await advance.commit();
  return read(store, given);
}

/** An unfinished state is as good as any other to the rules: something is still to come. */
async function takeAsGiven(
  store: EvaluationStore,
  given: Readonly<Record<string, TaskState>>,
): Promise<void> {
  const { run } = store;
  const entries = Object.entries(given);
  await store.commitDecisions({
    instances: entries.map(([taskId, state]) => {
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
    decided: entries.map(([taskId]) => ({
      runId: run.id,
      taskId,
      mapIndex: -1,
      instances: null,
      released: 0,
    })),
    tokens: [],
    releases: [],
    runs: [],
    past: { waits: [], ended: [] },
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

/** Calls of a run in memory: the called DAG runs in this process, too, to its end. */
import { type Dag, isDag } from "../../sdk/dag/dag.ts";
import { DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { chainOf, type RunTrigger } from "../../sdk/sources/trigger.ts";
import type { CallSpec, DagSpec } from "../../sdk/spec/index.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";
import type { MemoryInstance } from "../engine/memory/instance.ts";
import type { MemoryStore } from "../engine/memory/store.ts";
import { chainOfCall } from "../engine/plan/calls.ts";
import { callFailed, callRefused, callSucceeded } from "../engine/results/call_ends.ts";
import type { Outcome, WaitOutcome } from "../engine/results/outcome.ts";
import { type Caller, calledRunId } from "../timetable/index.ts";
import type { DagRunEvent, DagRunResult, RunDagOptions } from "./dag_run.ts";

/** The run that calls. */
export interface CallingRun {
  readonly dagId: string;
  readonly runId: string;
  readonly logicalDate: string;
  readonly interval: { readonly start: Date; readonly end: Date };
  readonly options: RunDagOptions;
}

/** What a called run takes from the run that calls it. */
export interface RunAs {
  readonly runId: string;
  readonly interval: CallingRun["interval"];
}

/** A run, and what a call of its DAG gets. */
export interface WholeRun {
  readonly result: DagRunResult;
  /** Only of a run that succeeded. */
  readonly returned: WaitOutcome;
}

export type RunWhole = (dag: Dag<unknown>, options: RunDagOptions, as: RunAs) => Promise<WholeRun>;

/** A call of one instance, and how it ended. */
export interface MadeCall {
  readonly outcome: Outcome;
  /** Null when the call was refused. */
  readonly run: DagRunResult | null;
}

/** Runs the called DAG. A call that is refused fails with the error of a deployment. */
export async function callInMemory(
  ref: TaskRef<unknown>,
  call: CallSpec,
  { taskId, mapIndex }: MemoryInstance,
  from: CallingRun,
  runWhole: RunWhole,
): Promise<MadeCall> {
  const caller = { dagId: from.dagId, runId: from.runId, taskId, mapIndex };
  const as = {
    runId: calledRunId(new Date(from.logicalDate), caller),
    interval: from.interval,
  };
  try {
    const dag = await calledDag(ref, call, from.options);
    const whole = await runWhole(dag, calledOptions(call, caller, from), as);
    return { outcome: outcomeOf(call, whole), run: whole.result };
  } catch (error) {
    if (!isDagsmithError(error)) throw error;
    return { outcome: callRefused(error), run: null };
  }
}

async function calledDag(
  ref: TaskRef<unknown>,
  { dagId }: CallSpec,
  { dags = [] }: RunDagOptions,
): Promise<Dag<unknown>> {
  const named = definitionOf(ref).call?.dag;
  if (isDag(named)) return named;
  if (typeof dags === "function") return dags(dagId);
  const found = dags.find((one) => one.dagId === dagId);
  if (found) return found;
  throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "Give it in `dags`." });
}

function calledOptions(
  { dagId, params }: CallSpec,
  caller: Caller,
  { options, logicalDate }: CallingRun,
): RunDagOptions {
  const { only: _, trigger = null, onEvent, ...shared } = options;
  const chain = chainOfCall(chainOf(trigger), caller.dagId, dagId);
  const call: RunTrigger = { type: "call", ...caller, chain };
  return {
    ...shared,
    ...{ logicalDate, params: JSON.parse(params) as Json, trigger: call },
    ...(onEvent && { onEvent: (event: DagRunEvent) => onEvent(withinCall(dagId, event)) }),
  };
}

/** The tasks of a called DAG are reported as `dag/task`. */
function withinCall(dagId: string, event: DagRunEvent): DagRunEvent {
  if (event.type !== "ended") return { ...event, taskId: `${dagId}/${event.taskId}` };
  return { ...event, task: { ...event.task, taskId: `${dagId}/${event.task.taskId}` } };
}

function outcomeOf({ dagId, waits }: CallSpec, { result, returned }: WholeRun): Outcome {
  const { runId, state, tasks } = result;
  if (!waits) return { kind: "resumed", output: JSON.stringify({ runId }) };
  if (state === "success") return returned;
  const cause = tasks.find(({ state, warning }) => state === "failed" && !warning) ?? null;
  return callFailed({ dagId, runId }, cause, { reason: null, error: cause?.error ?? null });
}

/** What a call of a DAG gets from a run that succeeded. */
export function returnedBy(
  { dagId, output }: DagSpec,
  runId: string,
  store: MemoryStore,
): WaitOutcome {
  return callSucceeded({ dagId, runId }, output, (taskId) => {
    const states = store.instances.flatMap((one) => (one.taskId === taskId ? one.state : []));
    return {
      value: store.xcom(taskId, "return_value"),
      state: states.includes("success") ? "success" : (states[0] ?? "none"),
      mayFail: store.run.plan.tasks.get(taskId)?.spec.allowFailure === true,
    };
  });
}

/**
 * How the waits of calls end: reads what the called runs returned, or why they failed.
 */
import type { Json } from "../../sdk/json.ts";
import { isMapped, type Plan } from "../engine/plan/plan.ts";
import { callFailed, callSucceeded, type ReturnedOutput } from "../engine/results/call_ends.ts";
import type { WaitOutcome } from "../engine/results/outcome.ts";
import { IN_A_FILE } from "../engine/store.ts";
import type { PlannedVersion, Plans } from "../store/dags/plans.ts";
import type { Queryable } from "../store/database/database.ts";
import { endStatesOf, type Failure, failuresOf } from "../store/runs/called_run.ts";
import { getXComs, type StoredXCom } from "../store/values/xcom.ts";
import type { Caller, EndedCall } from "../store/waits/task_call.ts";

/** A call whose wait is over, and how it ended. */
export interface CompletedCall {
  readonly caller: Caller;
  readonly outcome: WaitOutcome;
}

/** What was read of all the called runs together. */
interface Facts {
  readonly versions: ReadonlyMap<number, PlannedVersion>;
  readonly failures: ReadonlyMap<number, readonly Failure[]>;
  readonly states: ReadonlyMap<string, ReturnedOutput["state"]>;
  readonly outputs: ReadonlyMap<string, readonly StoredXCom[]>;
}

/** The results of calls whose waits are over. */
export async function resultsOfCalls(
  db: Queryable,
  plans: Plans,
  calls: readonly EndedCall[],
): Promise<readonly CompletedCall[]> {
  if (calls.length === 0) return [];
  const facts = await readFacts(db, plans, calls);
  return calls.map((call) => ({ caller: call, outcome: outcomeOf(call, facts) }));
}

async function readFacts(db: Queryable, plans: Plans, calls: readonly EndedCall[]): Promise<Facts> {
  const versions = await plans.get(
    db,
    calls.map(({ calledVersionId }) => calledVersionId),
  );
  const waiting = calls.filter(({ waits }) => waits);
  const failed = waiting.flatMap((one) => (one.calledState === "failed" ? one.calledRunId : []));
  const returned = waiting.flatMap(({ calledRunId: runId, calledState, calledVersionId }) =>
    calledState === "success"
      ? returnedTasks(versions.get(calledVersionId)?.plan).map((taskId) => ({ runId, taskId }))
      : [],
  );
  const states = await statesOf(db, returned);
  const outputs = await getXComs(db, returned);
  return {
    versions,
    failures: Map.groupBy(await failuresOf(db, failed), ({ runId }) => runId),
    states: new Map(states.map((one) => [keyOf(one), one.state])),
    outputs: Map.groupBy(outputs, keyOf),
  };
}

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

const keyOf = ({ runId, taskId }: TaskOfRun): string => `${runId} ${taskId}`;

function statesOf(db: Queryable, of: readonly TaskOfRun[]): ReturnType<typeof endStatesOf> {
  const runIds = [...new Set(of.map(({ runId }) => runId))];
  const taskIds = [...new Set(of.map(({ taskId }) => taskId))];
  return endStatesOf(db, runIds, taskIds);
}

function returnedTasks(plan: Plan | undefined): readonly string[] {
  const sources = Object.values(plan?.spec.output ?? {});
  return [...new Set(sources.map(({ taskId }) => taskId))];
}

function outcomeOf(call: EndedCall, facts: Facts): WaitOutcome {
  const run = { dagId: call.calledDagId, runId: call.calledRunName };
  if (!call.waits) return { kind: "resumed", output: JSON.stringify({ runId: run.runId }) };
  const plan = facts.versions.get(call.calledVersionId)?.plan;
  if (call.calledState === "success")
    return callSucceeded(run, plan?.spec.output, (taskId) =>
      returnedOutput(facts, plan, { runId: call.calledRunId, taskId }),
    );
  const failures = facts.failures.get(call.calledRunId) ?? [];
  const cause = failures.find(({ taskId }) => !mayFail(plan, taskId)) ?? null;
  return callFailed(run, cause, { reason: call.calledReason, error: cause?.error ?? null });
}

function mayFail(plan: Plan | undefined, taskId: string): boolean {
  return plan?.tasks.get(taskId)?.spec.allowFailure === true;
}

function returnedOutput(facts: Facts, plan: Plan | undefined, of: TaskOfRun): ReturnedOutput {
  const task = plan?.tasks.get(of.taskId);
  const found = facts.outputs.get(keyOf(of)) ?? [];
  const values = found.map(({ value }): Json => value);
  const isInAFile = found.some(({ file }) => file !== null);
  return {
    value: isInAFile ? IN_A_FILE : task && isMapped(task) ? values : values[0],
    state: facts.states.get(keyOf(of)) ?? "none",
    mayFail: mayFail(plan, of.taskId),
  };
}

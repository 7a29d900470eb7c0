/**
 * Runs a whole DAG in memory, in this process, one task after the other: the real engine
 * over a store in memory. `dag test` shows the result, and a test of a DAG asserts on it.
 */
import type { Dag } from "../../sdk/dag/dag.ts";
import type { Json } from "../../sdk/json.ts";
import { validParams } from "../child/run_try.ts";
import { beginRuns } from "../engine/advance/begin_runs.ts";
import { type RunAs, returnedBy, type WholeRun } from "./calls.ts";
import type { DagRunResult, RunDagOptions } from "./dag_run.ts";
import { type MemoryRun, memoryRun } from "./memory_run.ts";
import { stateValues } from "./memory_state.ts";
import { Session } from "./session.ts";

/**
 * Runs a DAG. Time passes faster than in a deployment: retries follow at once; waits for
 * a time or for a run of another DAG are over when they begin; a sensor pokes again after
 * its interval or after a second, whichever is shorter, while its timeout counts the
 * interval. Callbacks run as they fall due. Deadlines and the timeouts of groups have no
 * effect.
 * @throws DagsmithError for a DAG that could not be deployed; UNKNOWN_TASK for `only`;
 *   INVALID_DATE; INVALID_PARAMS
 * @example
 * const run = await runDag(dag, {
 *   logicalDate: "2026-01-01",
 *   connections: { lake: "postgres://…" },
 * });
 * expect(run.state).toBe("success");
 */
export async function runDag(
  dag: Dag<unknown>,
  options: RunDagOptions = {},
): Promise<DagRunResult> {
  return (await runWhole(dag, options)).result;
}

/** @param as of a run that a task of another run calls */
async function runWhole(dag: Dag<unknown>, options: RunDagOptions, as?: RunAs): Promise<WholeRun> {
  const run = memoryRun(dag, options, as);
  await validParams(dag, options.params ?? {});
  const session = new Session(run, runWhole);
  await beginRuns(run.store, [run.store.run]);
  session.reports.reportNew();
  do await session.runQueued();
  while (await session.passWait());
  await session.callBackRun();
  return wholeRun(run, session);
}

/** The run after its end. */
function wholeRun(run: MemoryRun, { reports, calls }: Session): WholeRun {
  const { store, spec, runId, logicalDate } = run;
  const { state } = store.run;
  const returned = returnedBy(spec, runId, store);
  const isSuccess = state === "success" && returned.kind === "resumed";
  const result: DagRunResult = {
    ...{ state, runId, logicalDate, calls },
    output: isSuccess ? (JSON.parse(returned.output ?? "null") as Json) : null,
    tasks: reports.results,
    assets: assetsOf(run),
    ...run.notes,
    files: run.files.stored,
    stateValues: stateValues(store.state, spec.dagId),
    xcom: (taskId, key = "return_value") => store.xcom(taskId, key),
  };
  return { returned, result };
}

function assetsOf({ store }: MemoryRun): DagRunResult["assets"] {
  return store.assetUpdates.map(({ taskId, mapIndex, uri, extra }) => ({
    ...{ taskId, mapIndex, uri, extra },
  }));
}

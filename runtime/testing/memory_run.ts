/** A run in memory: its store, its dates, and what its tasks write on it. */
import { DateTime } from "luxon";
import type { Dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { MemoryStore } from "../engine/memory/store.ts";
import { planOf } from "../engine/plan/plan_of.ts";
import { mainSchedule, manualInterval, runIdOf } from "../timetable/index.ts";
import type { RunAs } from "./calls.ts";
import type { RunDagOptions } from "./dag_run.ts";
import { LocalFiles } from "./local_files.ts";
import { memoryState } from "./memory_state.ts";
import { restrict } from "./restrict.ts";

/** What tasks write on their run. */
interface RunNotes {
  readonly labels: Record<string, string>;
  note: string | null;
}

/** A run in memory. */
export interface MemoryRun {
  readonly dag: Dag<unknown>;
  readonly store: MemoryStore;
  readonly spec: DagSpec;
  readonly options: RunDagOptions;
  readonly runId: string;
  /** ISO 8601. */
  readonly logicalDate: string;
  readonly interval: { readonly start: Date; readonly end: Date };
  readonly notes: RunNotes;
  readonly files: LocalFiles;
}

/**
 * A run that has not begun.
 * @param as of a run that a task of another run calls
 * @throws DagsmithError for a DAG that could not be deployed; UNKNOWN_TASK for `only`;
 *   INVALID_DATE
 */
export function memoryRun(dag: Dag<unknown>, options: RunDagOptions, as?: RunAs): MemoryRun {
  const spec = restrict(describeDag(dag), options.only);
  const logicalDate = logicalDateOf(options.logicalDate, spec.timezone);
  const interval = as?.interval ?? manualInterval(mainSchedule(spec), logicalDate);
  const state = memoryState(options.state, spec.dagId);
  return {
    ...{ dag, spec, options, interval },
    store: new MemoryStore(planOf(spec), { logicalDate }, state),
    runId: as?.runId ?? manualRunId(spec, logicalDate, interval),
    logicalDate: logicalDate.toISOString(),
    notes: { labels: {}, note: null },
    files: new LocalFiles(options.files, options.filesFolder),
  };
}

function manualRunId(spec: DagSpec, runAfter: Date, dataInterval: MemoryRun["interval"]): string {
  return runIdOf("manual", { schedule: mainSchedule(spec), runAfter, dataInterval });
}

function logicalDateOf(text: string | undefined, zone: string): Date {
  const date = text === undefined ? DateTime.now() : DateTime.fromISO(text, { zone });
  if (!date.isValid)
    throw new DagsmithError("INVALID_DATE", { found: `"${text}"`, where: "the logical date" });
  return date.toJSDate();
}

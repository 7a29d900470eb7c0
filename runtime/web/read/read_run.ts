/** Reads one run with the version that it is pinned to and the state of each of its tasks. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { getVersions } from "../../store/dags/dag_version.ts";
import type { Queryable } from "../../store/database/database.ts";
import { getRun, getRunTrigger, type RunDetail } from "../../store/reads/runs.ts";
import { mappedSpans, taskCells } from "../../store/reads/task_states.ts";
import { dependsOnPastWaitsOf } from "../../store/waits/depends_on_past_wait.ts";
import { type RunTask, runTasks } from "./run_tasks.ts";

export interface RunView {
  readonly run: RunDetail;
  readonly spec: DagSpec;
  readonly version: number;
  readonly file: string;
  readonly tasks: readonly RunTask[];
  /** What made it; null when time or a person did. */
  readonly trigger: RunTrigger | null;
}

/** @throws DagsmithError UNKNOWN_RUN */
export async function readRun(db: Queryable, id: number): Promise<RunView> {
  const run = await getRun(db, id);
  const [version] = run ? await getVersions(db, [run.versionId]) : [];
  if (!run || !version) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const { spec, number, file } = version;
  const cells = await taskCells(
    db,
    [id],
    spec.tasks.map((task) => task.taskId),
  );
  const mappedIds = cells.mapped.map((cell) => cell.taskId);
  const waits = new Set((await dependsOnPastWaitsOf(db, id)).map(({ taskId }) => taskId));
  const spans = mappedIds.length === 0 ? [] : await mappedSpans(db, id, mappedIds);
  const trigger = await getRunTrigger(db, id);
  return {
    run,
    spec,
    version: number,
    file,
    tasks: runTasks(run, spec, cells, spans, waits),
    trigger,
  };
}

/** Reads one run with the spec of its version and the state of each of its tasks. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { getVersions } from "../../store/dags/dag_version.ts";
import { type RunNeighbours, runNeighbours } from "../../store/reads/run_neighbours.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { mappedSpans, taskCells } from "../../store/reads/task_states.ts";
import { dependsOnPastWaitsOf } from "../../store/waits/depends_on_past_wait.ts";
import type { WebServices } from "../http/services.ts";
import { readRunRow } from "./read_runs.ts";
import { type RunTask, runTasks } from "./run_tasks.ts";

export interface RunView {
  readonly run: RunDetail;
  /** The spec of the version that the run is pinned to. */
  readonly spec: DagSpec;
  /** The file of that version. */
  readonly file: string;
  readonly tasks: readonly RunTask[];
}

/** @throws DagsmithError UNKNOWN_RUN */
export async function readRun(services: WebServices, id: number): Promise<RunView> {
  const { reader, mask } = services;
  const run = await readRunRow(services, id);
  const [version] = await getVersions(reader, [run.versionId]);
  if (!version) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  const { spec, file } = version;
  const taskIds = spec.tasks.map(({ taskId }) => taskId);
  const cells = await taskCells(reader, [id], taskIds);
  const mappedIds = cells.mapped.map(({ taskId }) => taskId);
  const waits = new Set((await dependsOnPastWaitsOf(reader, id)).map(({ taskId }) => taskId));
  const spans = mappedIds.length === 0 ? [] : await mappedSpans(reader, id, mappedIds);
  const tasks = runTasks(run, spec, cells, spans, waits).map((task) =>
    task.why === null ? task : { ...task, why: mask(task.why) },
  );
  return { run, spec, file, tasks };
}

/** The runs of the same DAG before and after a run. */
export function readNeighbours(
  { reader }: WebServices,
  { dagId, id }: Pick<RunDetail, "dagId" | "id">,
): Promise<RunNeighbours> {
  return runNeighbours(reader, dagId, id);
}

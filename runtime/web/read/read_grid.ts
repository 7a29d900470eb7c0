/** Reads the data of a grid, in a few statements whatever its size. */
import { getVersions } from "../../store/dags/dag_version.ts";
import type { DagDetail } from "../../store/reads/dags.ts";
import { type TaskCell, taskCells } from "../../store/reads/task_states.ts";
import type { WebServices } from "../http/services.ts";
import { buildGrid, everything, type Grid } from "./grid.ts";
import { readRuns } from "./read_runs.ts";

/**
 * @returns the grid, and the id before which older runs follow; null when there are none
 */
export async function readGrid(
  services: WebServices,
  dag: DagDetail,
  query: {
    readonly before: number | null;
    readonly runs: number;
    readonly folded: readonly string[];
  },
): Promise<{ readonly grid: Grid; readonly older: number | null }> {
  const newest = await readRuns(services, {
    dagId: dag.dagId,
    before: query.before,
    limit: query.runs,
    state: null,
  });
  const runs = newest.toReversed();
  const olderIds = [...new Set(runs.map((run) => run.versionId))].filter(
    (id) => id !== dag.versionId,
  );
  const older = new Map(
    olderIds.length === 0
      ? []
      : (await getVersions(services.reader, olderIds)).map(({ id, spec }) => [id, spec]),
  );
  const cells = await taskCells(
    services.reader,
    runs.map((run) => run.id),
    everything(dag.spec, [...older.values()]).tasks.map(({ taskId }) => taskId),
  );
  const single = cells.single.map((cell) => maskReason(services, cell));
  const grid = buildGrid(dag.spec, older, runs, { ...cells, single }, new Set(query.folded));
  return { grid, older: newest.length < query.runs ? null : (newest.at(-1)?.id ?? null) };
}

function maskReason({ mask }: Pick<WebServices, "mask">, cell: TaskCell): TaskCell {
  return cell.reason === null ? cell : { ...cell, reason: mask(cell.reason) };
}

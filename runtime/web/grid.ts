/** The grid of a DAG as data: a row for each task of any version that is shown, a column for each run, the newest last. */
import type { DagSpec } from "../../sdk/spec.ts";
import type { MappedCell, RunDetail, TaskCell } from "../store/page_runs.ts";
import type { ShownState } from "./views/state.tsx";

export interface GridCell {
  readonly state: ShownState;
  /** Where it leads. Short, because a grid may have 10,000 of them. */
  readonly href: string;
  /** More than the state, such as the counts of a mapped task. */
  readonly detail: string | null;
}

export interface GridRow {
  readonly taskId: string;
  /** False for a task that the newest version no longer has. */
  readonly isCurrent: boolean;
  readonly isMapped: boolean;
  /** One for each run; null where the run has nothing for this task yet. */
  readonly cells: readonly (GridCell | null)[];
}

export interface Grid {
  readonly runs: readonly RunDetail[];
  readonly rows: readonly GridRow[];
}

/** Ids of all tasks: those of the newest version in its order, then those that only older versions have. */
export function gridTasks(current: DagSpec, older: readonly DagSpec[]): readonly string[] {
  return [...new Set([current, ...older].flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId)))];
}

/** @param runs oldest first */
export function buildGrid(
  current: DagSpec,
  older: readonly DagSpec[],
  runs: readonly RunDetail[],
  cells: { readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] },
): Grid {
  const found = new Map<string, GridCell>();
  for (const cell of cells.single)
    found.set(`${cell.runId} ${cell.taskId}`, { state: cell.state, href: `/t/${cell.instanceId}`, detail: null });
  for (const cell of cells.mapped) found.set(`${cell.runId} ${cell.taskId}`, mappedCell(cell));
  const specs = new Map(current.tasks.map((task) => [task.taskId, task]));
  const rows = gridTasks(current, older).map((taskId) => ({
    taskId,
    isCurrent: specs.has(taskId),
    isMapped: specs.get(taskId)?.each != null,
    cells: runs.map((run) => found.get(`${run.id} ${taskId}`) ?? null),
  }));
  return { runs, rows };
}

function mappedCell(cell: MappedCell): GridCell {
  const { runId, taskId, success, instances } = cell;
  return { state: mappedState(cell), href: `/runs/${runId}/tasks/${taskId}`, detail: `${success} of ${instances} succeeded` };
}

/** The one state that a mapped task shows: the worst that ended, once nothing runs. */
export function mappedState(cell: MappedCell): ShownState {
  const { instances, success, failed, skipped, upstreamFailed, released } = cell;
  if (success + failed + skipped + upstreamFailed < instances) return released > 0 ? "running" : "scheduled";
  if (failed > 0) return "failed";
  if (upstreamFailed > 0) return "upstream_failed";
  return success > 0 ? "success" : "skipped";
}

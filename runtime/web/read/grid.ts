/**
 * The grid of a DAG as data: a row for each group and task of any version that is shown,
 * a column for each run, the newest last.
 */
import type { DagSpec, GroupSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import type { MappedCell, TaskCell } from "../../store/reads/task_states.ts";
import { durationText, tookMs } from "../../words/duration_text.ts";
import type { ShownState } from "../../words/shown_state.ts";
import { gatheredState } from "../groups/group_state.ts";
import {
  groupAnchor,
  groupTree,
  type TreeItem,
  type TreeRow,
  treeRows,
} from "../groups/group_tree.ts";

export interface GridCell {
  readonly state: ShownState;
  /** The address of its page. Short, because a grid may have 10,000 of them. */
  readonly href: string;
  /** More than the state, such as the counts of a mapped task. */
  readonly detail: string | null;
}

export interface GridRow extends TreeRow {
  /** False for a task that the newest version no longer has. */
  readonly isCurrent: boolean;
  readonly isMapped: boolean;
  /** One for each run; null where the run has no instance yet. */
  readonly cells: readonly (GridCell | null)[];
}

export interface Grid {
  readonly runs: readonly RunDetail[];
  readonly rows: readonly GridRow[];
}

/** The tasks and groups of the shown versions, those of the newest first. */
interface Everything {
  readonly tasks: readonly TaskSpec[];
  readonly groups: readonly GroupSpec[];
}

/**
 * Tasks and groups of the newest version in its order, then those of older versions only.
 */
export function everything(current: DagSpec, older: readonly DagSpec[]): Everything {
  const tasks = new Map(
    [current, ...older]
      .toReversed()
      .flatMap((spec) => spec.tasks.map((task) => [task.taskId, task] as const)),
  );
  const order = new Set(
    [current, ...older].flatMap((spec) => spec.tasks.map(({ taskId }) => taskId)),
  );
  const groups = new Map<string, GroupSpec>();
  for (const group of [current, ...older].flatMap((spec) => spec.groups ?? []))
    if (!groups.has(group.groupId)) groups.set(group.groupId, group);
  // An id that was a group's and is now a task's is a task.
  const isGroup = (id: string): boolean =>
    current.groups?.some(({ groupId }) => groupId === id) ?? false;
  const isTask = new Set(
    current.tasks.map(({ taskId }) => taskId).filter((taskId) => !isGroup(taskId)),
  );
  return {
    tasks: [...order].flatMap((taskId) => tasks.get(taskId) ?? []),
    groups: [...groups.values()].filter(({ groupId }) => !isTask.has(groupId)),
  };
}

/**
 * @param older the older versions of these runs
 * @param runs oldest first
 * @param folded ids of groups whose tasks have no rows
 */
export function buildGrid(
  current: DagSpec,
  older: ReadonlyMap<number, DagSpec>,
  runs: readonly RunDetail[],
  cells: { readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] },
  folded: ReadonlySet<string>,
): Grid {
  const all = everything(current, [...older.values()]);
  const found = foundCells(runs, cells);
  const columns = runs.map((run) => columnOf(run, older.get(run.versionId) ?? current, found));
  const [known, many] = [
    new Set(current.tasks.map(({ taskId }) => taskId)),
    mappedTaskIds(current),
  ];
  const rows = treeRows(groupTree(all.tasks, all.groups), folded).map((row) => ({
    ...row,
    isCurrent:
      row.item.type === "task"
        ? known.has(row.item.id)
        : row.item.taskIds.some((taskId) => known.has(taskId)),
    isMapped: many.has(row.item.id),
    cells: columns.map((column) => cellOf(row.item, column)),
  }));
  return { runs, rows };
}

/** By run, then by task: one key of both for each cell would be the largest cost. */
type Found = ReadonlyMap<number, ReadonlyMap<string, GridCell>>;

function foundCells(
  runs: readonly RunDetail[],
  cells: { readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] },
): Found {
  const found = new Map(runs.map(({ id }) => [id, new Map<string, GridCell>()]));
  for (const cell of cells.single) found.get(cell.runId)?.set(cell.taskId, singleCell(cell));
  for (const cell of cells.mapped) found.get(cell.runId)?.set(cell.taskId, mappedCell(cell));
  return found;
}

/** Characters of a reason that a tooltip shows. */
const SHOWN_REASON = 120;

function singleCell(cell: TaskCell): GridCell {
  const { state, instanceId, tryNumber, reason } = cell;
  const took = tookMs(cell);
  const parts = [
    took === null ? null : durationText(took),
    tryNumber > 1 ? `try ${tryNumber}` : null,
    reason?.slice(0, SHOWN_REASON),
  ].filter((part) => part != null);
  return { state, href: `/t/${instanceId}`, detail: parts.length === 0 ? null : parts.join(", ") };
}

/** One run: the tasks of its version, and the cells of those that have an instance. */
interface Column {
  readonly runId: number;
  readonly has: ReadonlySet<string>;
  readonly cellOf: (taskId: string) => GridCell | undefined;
}

function columnOf({ id }: RunDetail, spec: DagSpec, found: Found): Column {
  const has = new Set(spec.tasks.map(({ taskId }) => taskId));
  return { runId: id, has, cellOf: (taskId) => found.get(id)?.get(taskId) };
}

function cellOf(item: TreeItem, column: Column): GridCell | null {
  const own = column.cellOf(item.id);
  return own ?? (item.type === "group" ? gatheredCell(item.id, item.taskIds, column) : null);
}

/** The state of the tasks of a group; null while none has an instance. */
function gatheredCell(
  groupId: string,
  taskIds: readonly string[],
  { runId, has, cellOf: found }: Column,
): GridCell | null {
  const cells = taskIds.filter((taskId) => has.has(taskId)).map(found);
  if (cells.every((cell) => cell === undefined)) return null;
  const states = cells.map((cell): ShownState => cell?.state ?? "none");
  const successes = states.filter((state) => state === "success").length;
  const detail = `${successes} of ${states.length} succeeded`;
  return { state: gatheredState(states), href: `/runs/${runId}#${groupAnchor(groupId)}`, detail };
}

function mappedCell(cell: MappedCell): GridCell {
  const { runId, taskId, success, instances } = cell;
  return {
    state: mappedState(cell),
    href: `/runs/${runId}/tasks/${taskId}`,
    detail: `${success} of ${instances} succeeded`,
  };
}

/** The state that a mapped task shows: the worst final state, once no instance runs. */
export function mappedState(cell: MappedCell): ShownState {
  const { instances, success, failed, skipped, upstreamFailed, released } = cell;
  if (success + failed + skipped + upstreamFailed < instances)
    return released > 0 ? "running" : "scheduled";
  if (failed > 0) return "failed";
  if (upstreamFailed > 0) return "upstream_failed";
  return success > 0 ? "success" : "skipped";
}

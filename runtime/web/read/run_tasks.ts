/**
 * The tasks of one run as data: state, times and progress of each, and for a task that
 * does not run the reason, as text.
 */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { waitSentence } from "../../state/wait.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import type { MappedCell, Span, TaskCell } from "../../store/reads/task_states.ts";
import { isOver, type ShownState, stateText } from "../../words/shown_state.ts";
import { mappedState } from "./grid.ts";

export interface RunTask {
  readonly taskId: string;
  readonly upstream: readonly string[];
  readonly state: ShownState;
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly mapped: MappedCell | null;
  /** It failed, and its failure is allowed. */
  readonly warning: boolean;
  /** Why it is in its state, in a sentence; null when the state needs no reason. */
  readonly why: string | null;
}

const PAST = "waits for the run before, where it has not ended as success or skipped";

/**
 * All tasks of a run's version, in topological order.
 * @param waits ids of tasks that wait for the run before only (depends_on_past)
 */
export function runTasks(
  run: RunDetail,
  spec: DagSpec,
  cells: { readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] },
  spans: readonly Span[],
  waits: ReadonlySet<string> = new Set(),
): readonly RunTask[] {
  const single = new Map(cells.single.map((cell) => [cell.taskId, cell]));
  const mapped = new Map(cells.mapped.map((cell) => [cell.taskId, cell]));
  const span = new Map(spans.map((row) => [row.taskId, row]));
  const tasks = new Map<string, RunTask>();
  for (const task of spec.tasks) {
    const progress = mapped.get(task.taskId) ?? null;
    const cell = single.get(task.taskId);
    const state = progress ? mappedState(progress) : (cell?.state ?? "none");
    const times = progress ? span.get(task.taskId) : cell;
    tasks.set(task.taskId, {
      taskId: task.taskId,
      upstream: task.upstream,
      state,
      tryNumber: cell?.tryNumber ?? 0,
      startedAt: times?.startedAt ?? null,
      finishedAt: state === "running" ? null : (times?.finishedAt ?? null),
      mapped: progress,
      warning: isAllowed(task, state, progress),
      why:
        waits.has(task.taskId) && state === "none" ? PAST : whyText(run, task, state, cell, tasks),
    });
  }
  return [...tasks.values()];
}

function isAllowed(
  { allowFailure }: TaskSpec,
  state: ShownState,
  mapped: MappedCell | null,
): boolean {
  return allowFailure === true && (mapped ? mapped.failed > 0 : state === "failed");
}

function whyText(
  run: RunDetail,
  task: TaskSpec,
  state: ShownState,
  cell: TaskCell | undefined,
  known: ReadonlyMap<string, RunTask>,
): string | null {
  if (state === "none") return waitsText(run, task, known);
  if (state === "queued" && !cell?.reason) return "waits for a worker";
  if (state === "scheduled" && !cell?.reason) return "waits for a slot under its limits";
  if (cell?.wait) return waitSentence(cell.wait);
  if (state === "up_for_retry" && cell?.retryAt)
    return `tries again at ${cell.retryAt.toISOString().slice(11, 19)} UTC${cell.reason ? `: ${cell.reason}` : ""}`;
  return cell?.reason ?? null;
}

function waitsText(run: RunDetail, task: TaskSpec, known: ReadonlyMap<string, RunTask>): string {
  if (run.state === "queued")
    return "the run waits for capacity: as many runs are active as the DAG allows";
  if (run.finishedAt !== null) return "the run ended before the task was instantiated";
  const group = task.parentGroup === undefined ? undefined : known.get(task.parentGroup);
  if (group && group.state !== "running" && !isOver(group.state))
    return `waits for its group ${group.taskId} (${stateText(group.state)})`;
  const waitsFor = task.upstream
    .map((taskId) => known.get(taskId))
    .filter((upstream) => upstream !== undefined)
    .filter(({ finishedAt, state }) => finishedAt === null && !isOver(state))
    .map(({ taskId, state }) => `${taskId} (${stateText(state)})`);
  if (waitsFor.length === 0) return "it starts in a moment";
  const more = waitsFor.length > 3 ? ` and ${waitsFor.length - 3} more` : "";
  return `waits for ${waitsFor.slice(0, 3).join(", ")}${more}`;
}

/** The tasks of a DAG over its last runs as data: how each ended, and how long it took. */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import type { MappedCell, TaskCell } from "../../store/reads/task_states.ts";
import { tookMs } from "../../words/duration_text.ts";
import type { ShownState } from "../../words/shown_state.ts";
import { mappedState } from "./grid.ts";

/** A task in one run. */
interface TaskPast {
  readonly run: Pick<RunDetail, "id" | "logicalDate">;
  readonly state: ShownState;
  /** Null for a mapped task: its instances have durations. */
  readonly tookMs: number | null;
  readonly tryNumber: number;
}

export interface TaskLine {
  readonly taskId: string;
  readonly operator: string;
  readonly isMapped: boolean;
  /** Oldest run first; runs without an instance of the task are left out. */
  readonly past: readonly TaskPast[];
  /** Of the runs in which it succeeded; null for none. */
  readonly medianMs: number | null;
  readonly failures: number;
  readonly mostTries: number;
}

/** @param runs oldest first */
export function taskLines(
  spec: DagSpec,
  runs: readonly RunDetail[],
  cells: { readonly single: readonly TaskCell[]; readonly mapped: readonly MappedCell[] },
): readonly TaskLine[] {
  const singles = Map.groupBy(cells.single, ({ taskId }) => taskId);
  const mapped = Map.groupBy(cells.mapped, ({ taskId }) => taskId);
  const many = mappedTaskIds(spec);
  return spec.tasks.map(({ taskId, operator }) => {
    const [own, lists] = [singles.get(taskId) ?? [], mapped.get(taskId) ?? []];
    const past = runs.flatMap((run) => pastOf(run, own, lists));
    return { taskId, operator, isMapped: many.has(taskId), past, ...countsOf(past) };
  });
}

function pastOf(
  run: RunDetail,
  singles: readonly TaskCell[],
  lists: readonly MappedCell[],
): readonly TaskPast[] {
  const list = lists.find(({ runId }) => runId === run.id);
  if (list) return [{ run, state: mappedState(list), tookMs: null, tryNumber: 0 }];
  const single = singles.find(({ runId }) => runId === run.id);
  if (!single) return [];
  const { state, tryNumber } = single;
  return [{ run, state, tookMs: tookMs(single), tryNumber }];
}

function countsOf(
  past: readonly TaskPast[],
): Pick<TaskLine, "medianMs" | "failures" | "mostTries"> {
  const successes = past.filter(({ state }) => state === "success");
  return {
    medianMs: medianOf(successes.flatMap((one) => one.tookMs ?? [])),
    failures: past.filter(({ state }) => state === "failed").length,
    mostTries: Math.max(0, ...past.map(({ tryNumber }) => tryNumber)),
  };
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Reads one task over the last runs of its DAG, and the tasks of two runs. */
import { type DagDetail, RECENT_RUNS } from "../../store/reads/dags.ts";
import { type PastTask, taskHistory } from "../../store/reads/task_history.ts";
import { summariseTasks, type TaskSummary, taskCells } from "../../store/reads/task_states.ts";
import type { WebServices } from "../http/services.ts";
import { readRuns } from "./read_runs.ts";
import { type TaskLine, taskLines } from "./task_lines.ts";

export type { PastTask };

export function readTaskHistory(
  { reader }: WebServices,
  dagId: string,
  taskId: string,
): Promise<readonly PastTask[]> {
  return taskHistory(reader, dagId, taskId);
}

/** The tasks of a DAG over its last runs, and how many runs there are. */
export async function readTaskLines(
  services: WebServices,
  { dagId, spec }: DagDetail,
): Promise<{ readonly tasks: readonly TaskLine[]; readonly runs: number }> {
  const query = { dagId, before: null, limit: RECENT_RUNS, state: null };
  const runs = (await readRuns(services, query)).toReversed();
  const ids = runs.map(({ id }) => id);
  const taskIds = spec.tasks.map(({ taskId }) => taskId);
  const cells = await taskCells(services.reader, ids, taskIds);
  return { tasks: taskLines(spec, runs, cells), runs: runs.length };
}

/** A task in two runs; null where it has no instance. */
export interface ComparedTask {
  readonly taskId: string;
  readonly one: ComparedState | null;
  readonly other: ComparedState | null;
}

type ComparedState = Pick<TaskSummary, "state" | "tryNumber" | "startedAt" | "finishedAt">;

/** The tasks of two runs, in the order in which they began in the first. */
export async function readCompared(
  { reader }: WebServices,
  one: number,
  other: number,
): Promise<readonly ComparedTask[]> {
  const [left, right] = await Promise.all([
    summariseTasks(reader, one),
    summariseTasks(reader, other),
  ]);
  const [lefts, rights] = [byTask(left), byTask(right)];
  const order = [...left.toSorted(byStart), ...right.toSorted(byStart)];
  return [...new Set(order.map(({ taskId }) => taskId))].map((taskId) => ({
    ...{ taskId, one: lefts.get(taskId) ?? null, other: rights.get(taskId) ?? null },
  }));
}

const byTask = (tasks: readonly TaskSummary[]): ReadonlyMap<string, TaskSummary> =>
  new Map(tasks.map((task) => [task.taskId, task]));

/** Tasks that never began come last. */
const byStart = (a: TaskSummary, b: TaskSummary): number =>
  (a.startedAt?.getTime() ?? Number.MAX_SAFE_INTEGER) -
  (b.startedAt?.getTime() ?? Number.MAX_SAFE_INTEGER);

/** Tasks and instances of runs as rows of a statement: the columns that most statements join by. */
import { rowsOf } from "../database/unnest.ts";

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

interface InstanceOfRun extends TaskOfRun {
  readonly mapIndex: number;
}

export const TASKS = rowsOf<TaskOfRun>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
});

export const INSTANCES = rowsOf<InstanceOfRun>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex }) => mapIndex],
});

/**
 * The condition that an instance has the map index of a parameter; null: any. An index serves the
 * two bounds, and would not serve `$1 is null or map_index = $1`.
 */
export function mapIndexIs(parameter: string): string {
  return `map_index between coalesce(${parameter}::int, -1) and coalesce(${parameter}::int, 2147483647)`;
}

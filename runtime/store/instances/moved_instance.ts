/** An instance that a statement moved, as the statement returns it. */
import type { Json } from "../../../sdk/json.ts";
import type { ClaimedInstance } from "../../engine/store.ts";
import type { TaskState } from "../../state/task_state.ts";

/** What such a statement returns of the row `t`. */
export const MOVED = `t.id, t.run_id, t.task_id, t.map_index, t.state, t.try_number, t.lost_tries,
  t.cleared_tries, t.item, t.pokes,
  t.started_at is not null or t.pokes > 0 or t.try_number > t.cleared_tries + 1 as began,
  coalesce(extract(epoch from now() - t.first_started_at) * 1000, 0)::float8 as elapsed_ms,
  (select generation from dagsmith.dag_run r where r.id = t.run_id) as generation`;

export interface MovedRow {
  id: number;
  run_id: number;
  task_id: string;
  map_index: number;
  state: TaskState;
  try_number: number;
  lost_tries: number;
  cleared_tries: number;
  generation: number;
  item: Json;
  pokes: number;
  began: boolean;
  elapsed_ms: number;
}

export function movedOf(row: MovedRow): ClaimedInstance {
  return {
    id: row.id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    state: row.state,
    tryNumber: row.try_number,
    lostTries: row.lost_tries,
    clearedTries: row.cleared_tries,
    generation: row.generation,
    item: row.item,
    pokes: row.pokes,
    began: row.began,
    elapsedMs: row.elapsed_ms,
  };
}

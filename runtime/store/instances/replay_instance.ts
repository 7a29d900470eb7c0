/** A task instance as a worker got it, for a replay of its work. */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface ReplayInstance {
  readonly id: number;
  /** The number of its current, or last, try. */
  readonly tryNumber: number;
  /** One item of the list, for a mapped instance. */
  readonly item: Json;
}

const GET: Statement = {
  name: "past_instance",
  text: `
select id, try_number as "tryNumber", item from dagsmith.task_instance where run_id = $1 and task_id = $2 and map_index = $3`,
};

/** @param mapIndex -1 for a task that is not mapped */
export async function getReplayInstance(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<ReplayInstance | undefined> {
  const [row] = await db.query<ReplayInstance & Record<string, unknown>>(GET, [
    runId,
    taskId,
    mapIndex,
  ]);
  return row;
}

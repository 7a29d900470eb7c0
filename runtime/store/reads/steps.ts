/** The steps of task instances that are done, for the page and the API. */
import type { Queryable, Statement } from "../database/database.ts";

/** Most steps of one instance that are listed. */
const MOST_STEPS = 500;
/** Largest part of a result that is shown, in characters. */
const SHOWN_RESULT = 20_000;

export interface StepRow {
  readonly name: string;
  /** JSON text, cut at 20,000 characters; null for a step without result. */
  readonly result: string | null;
  /** Size of the whole result. */
  readonly bytes: number;
  readonly tryNumber: number;
  readonly finishedAt: Date;
}

// A clear forgets the steps of the tries before it.
const LIST: Statement = {
  name: "step_list",
  text: `
select s.name, left(s.result::text, ${SHOWN_RESULT}) as result,
  coalesce(octet_length(s.result::text), 0) as bytes, s.try_number as "tryNumber",
  s.finished_at as "finishedAt"
from dagsmith.step s
join dagsmith.task_instance t
  on t.run_id = s.run_id and t.task_id = s.task_id and t.map_index = s.map_index
  and s.try_number > t.cleared_tries
where s.run_id = $1 and s.task_id = $2 and s.map_index = $3
order by s.finished_at, s.name limit ${MOST_STEPS}`,
};

/**
 * In the order in which they ended.
 * @param mapIndex -1 for a task that is not mapped
 */
export function listSteps(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly StepRow[]> {
  return db.query<StepRow & Record<string, unknown>>(LIST, [runId, taskId, mapIndex]);
}

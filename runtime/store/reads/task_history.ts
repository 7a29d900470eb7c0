/** One task in the last runs of its DAG: how it ended, and how long it took. */
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { RunDetail } from "./runs.ts";
import { LEADING_STATE } from "./task_states.ts";

/** Runs that are looked at. */
export const HISTORY_RUNS = 50;

/** A task in one run; a mapped task from its first start to its last end. */
export interface PastTask extends Pick<RunDetail, "id" | "runType" | "logicalDate"> {
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  /** Null until all instances have ended. */
  readonly finishedAt: Date | null;
}

const HISTORY: Statement = {
  name: "task_history",
  text: `
select r.id, r.run_type as "runType", r.logical_date as "logicalDate", t.*
from (
  select id, run_type, logical_date from dagsmith.dag_run where dag_id = $1
  order by id desc limit ${HISTORY_RUNS}
) r
cross join lateral (
  select ${LEADING_STATE} as state, max(try_number) as "tryNumber",
    min(started_at) as "startedAt",
    case when bool_and(finished_at is not null) then max(finished_at) end as "finishedAt"
  from dagsmith.task_instance where run_id = r.id and task_id = $2 having count(*) > 0
) t
order by r.id desc`,
};

/** Newest run first. Runs without an instance of the task are left out. */
export function taskHistory(
  db: Queryable,
  dagId: string,
  taskId: string,
): Promise<readonly PastTask[]> {
  return db.query<PastTask & Record<string, unknown>>(HISTORY, [dagId, taskId]);
}

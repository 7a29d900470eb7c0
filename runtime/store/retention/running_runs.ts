/** Whether the server is busy with runs while history is deleted. */
import type { Queryable, Statement } from "../database/database.ts";

// The order is that of the index of active runs: no statistics lead to reading finished ones.
const RUNNING: Statement = {
  name: "dag_run_is_any_running",
  text: "select 1 from dagsmith.dag_run where state = 'running' order by dag_id, state, id limit 1",
};

/** Whether a run of any DAG is running. */
export async function isAnyRunning(db: Queryable): Promise<boolean> {
  return (await db.query(RUNNING)).length > 0;
}

/** Calls between runs, as people see them: from the task to its run, and back. */
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** The task instance that called a run. */
export interface CallingTask {
  /** The number of its run. */
  readonly run: number;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}

/** The run that a task instance called. */
export interface CalledRun {
  /** Its number. */
  readonly run: number;
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
}

const CALLER: Statement = {
  name: "run_caller",
  text: `
select r.id as run, r.dag_id as "dagId", r.run_id as "runId", t.task_id as "taskId",
  t.map_index as "mapIndex"
from dagsmith.task_call c
join dagsmith.task_instance t on t.id = c.task_instance_id
join dagsmith.dag_run r on r.id = t.run_id
where c.called_run_id = $1 limit 1`,
};

const CALLED: Statement = {
  name: "instance_called_run",
  text: `
select r.id as run, r.dag_id as "dagId", r.run_id as "runId", r.state
from dagsmith.task_call c join dagsmith.dag_run r on r.id = c.called_run_id
where c.task_instance_id = $1`,
};

/** The task that called a run; null for a run that no task called. */
export async function callerOf(db: Queryable, runId: number): Promise<CallingTask | null> {
  return (await db.query<CallingTask & Record<string, unknown>>(CALLER, [runId]))[0] ?? null;
}

/** The run that an instance called; null for none. */
export async function calledRunOf(db: Queryable, instanceId: number): Promise<CalledRun | null> {
  return (await db.query<CalledRun & Record<string, unknown>>(CALLED, [instanceId]))[0] ?? null;
}

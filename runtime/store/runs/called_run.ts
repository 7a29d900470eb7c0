/** Runs that tasks called: found by their names, and how they ended. */
import type { Json } from "../../../sdk/json.ts";
import type { RunState } from "../../state/run_state.ts";
import type { StoredError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

interface RunName {
  readonly dagId: string;
  readonly runId: string;
}

const NAMES = rowsOf<RunName>({
  dag_id: ["text", ({ dagId }) => dagId],
  run_id: ["text", ({ runId }) => runId],
});

const BY_NAME: Statement = {
  name: "called_run_by_name",
  text: `
select r.id, r.dag_id as "dagId", r.run_id as "runId"
from ${NAMES.as("v")}
join dagsmith.dag_run r on r.dag_id = v.dag_id and r.run_id = v.run_id`,
};

// Locked, so that no person clears or deletes it meanwhile.
const HOLD: Statement = {
  name: "called_run_hold",
  text: `
select id, run_id as "runId", state, version_id as "versionId", params, reason
from dagsmith.dag_run where id = any($1) and deleting_since is null
order by id for no key update`,
};

/** Most failed instances that are read of a run, to tell why it failed. */
const MOST_FAILURES = 20;

const FAILURES: Statement = {
  name: "called_run_failures",
  text: `
select asked.run_id as "runId", t.task_id as "taskId", t.reason, t.error
from unnest($1::bigint[]) as asked (run_id),
  lateral (
    select task_id, reason, error from dagsmith.task_instance t
    where t.run_id = asked.run_id and t.state = 'failed'
    order by t.finished_at, t.id limit ${MOST_FAILURES}
  ) t`,
};

const STATES: Statement = {
  name: "called_run_task_states",
  text: `
select run_id as "runId", task_id as "taskId", min(state) as state,
  bool_or(state = 'success') as "isSuccess"
from dagsmith.task_instance
where run_id = any($1) and task_id = any($2) and state <> 'removed' group by run_id, task_id`,
};

/** A run that an earlier try called. */
export interface CalledRun {
  readonly id: number;
  readonly runId: string;
  readonly state: RunState;
  readonly versionId: number;
  readonly params: Json;
  readonly reason: string | null;
}

/** The runs, locked; deleted ones are missing. */
export function holdCalledRuns(
  tx: Queryable,
  ids: readonly number[],
): Promise<readonly CalledRun[]> {
  return tx.query<CalledRun & Record<string, unknown>>(HOLD, [ids]);
}

/** The ids of runs that exist. */
export function runsByName(
  db: Queryable,
  names: readonly RunName[],
): Promise<readonly (RunName & { readonly id: number })[]> {
  return db.query<RunName & { id: number }>(BY_NAME, NAMES.values(names));
}

/** A task instance that failed. */
export interface Failure {
  readonly runId: number;
  readonly taskId: string;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

/** The first failed instances of each run, in the order in which they failed. */
export async function failuresOf(
  db: Queryable,
  runIds: readonly number[],
): Promise<readonly Failure[]> {
  if (runIds.length === 0) return [];
  return db.query<Failure & Record<string, unknown>>(FAILURES, [runIds]);
}

/**
 * The state of tasks of ended runs; of a mapped task success when one instance succeeded.
 */
export async function endStatesOf(
  db: Queryable,
  runIds: readonly number[],
  taskIds: readonly string[],
): Promise<
  readonly { readonly runId: number; readonly taskId: string; readonly state: TaskState }[]
> {
  type Row = { runId: number; taskId: string; state: TaskState; isSuccess: boolean };
  const rows = await db.query<Row>(STATES, [runIds, taskIds]);
  return rows.map(({ isSuccess, ...row }) => (isSuccess ? { ...row, state: "success" } : row));
}

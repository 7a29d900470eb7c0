/**
 * Deletes the rows of the runs that retention has marked, a bounded number of rows at a
 * time.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { countOf, deleteAll, deleteSome } from "./delete_some.ts";

const NEXT: Statement = {
  name: "retention_run_next",
  text: `
select id from dagsmith.dag_run where deleting_since is not null order by id limit $1`,
};

const INSTANCES: Statement = {
  name: "retention_run_instances",
  text: "select id from dagsmith.task_instance where run_id = any($1)",
};

/**
 * The rows of instances, in the order of deletion; the rows of other tables are few and
 * cascade.
 */
const OF_INSTANCES = [
  deleteSome("retention_delete_logs", "dagsmith.log_chunk", "task_instance_id = any($1)"),
  deleteSome("retention_delete_rendered", "dagsmith.rendered_fields", "task_instance_id = any($1)"),
  deleteSome("retention_delete_tries", "dagsmith.task_try", "task_instance_id = any($1)"),
  deleteSome("retention_delete_instances", "dagsmith.task_instance", "id = any($1)"),
];

/**
 * The other rows of runs. The trigger of a value releases its file, and workers delete
 * the file.
 */
const OF_RUNS = [
  deleteSome("retention_delete_xcoms", "dagsmith.xcom", "run_id = any($1)"),
  deleteSome("retention_delete_counters", "dagsmith.task_counter", "run_id = any($1)"),
  deleteSome("retention_delete_callbacks", "dagsmith.callback", "run_id = any($1)"),
  deleteSome("retention_delete_questions", "dagsmith.question", "run_id = any($1)"),
  deleteSome("retention_delete_run_events", "dagsmith.run_event", "run_id = any($1)"),
];

const DELETE: Statement = {
  name: "retention_delete_runs",
  text: `
with gone as (
  delete from dagsmith.dag_run where deleting_since is not null and id in (
    select id from dagsmith.dag_run where id = any($1) order by id for update skip locked)
  returning 1
)
select count(*)::int as rows from gone`,
};

/** Instances whose rows are deleted together. */
const SLICE = 1_000;

/** Runs that are marked, the oldest first. */
export async function markedRuns(db: Queryable, limit: number): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(NEXT, [limit])).map(({ id }) => id);
}

/** The instances of runs, in slices that one statement can take. */
export async function instanceSlices(
  db: Queryable,
  runIds: readonly number[],
): Promise<readonly (readonly number[])[]> {
  const ids = (await db.query<{ id: number }>(INSTANCES, [runIds])).map(({ id }) => id);
  return Array.from({ length: Math.ceil(ids.length / SLICE) }, (_, index) =>
    ids.slice(index * SLICE, (index + 1) * SLICE),
  );
}

/**
 * Deletes everything of marked runs, the runs last: a crash in between leaves them
 * marked.
 */
export async function* deleteMarkedRuns(
  db: Queryable,
  runIds: readonly number[],
): AsyncGenerator<number> {
  for (const slice of await instanceSlices(db, runIds))
    for (const statement of OF_INSTANCES) yield* deleteAll(db, statement, slice);
  for (const statement of OF_RUNS) yield* deleteAll(db, statement, runIds);
  yield await countOf(db, DELETE, [runIds]);
}

/** Deletes the logs of instances. */
export function deleteLogs(db: Queryable, slice: readonly number[]): AsyncGenerator<number> {
  const [logs] = OF_INSTANCES as [Statement, ...Statement[]];
  return deleteAll(db, logs, slice);
}

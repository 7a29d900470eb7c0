/**
 * Tasks that wait for their previous run, and the result of that run. A row of
 * depends_on_past_wait says that the trigger rule of a task is met and only the previous
 * run is missing. The task has no instance yet.
 */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { type PlannedTask, plannedTask } from "../../engine/plan/plan.ts";
import type { DependsOnPastWait } from "../../engine/store.ts";
import { isDependsOnPastMet, type Past, type PreviousState } from "../../state/depends_on_past.ts";
import type { PlannedVersion, Plans } from "../dags/plans.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { TASKS } from "../instances/instance_rows.ts";

const RECORD: Statement = {
  name: "depends_on_past_wait_record",
  text: `
insert into dagsmith.depends_on_past_wait (${TASKS.names}) select * from ${TASKS.unnest}
on conflict do nothing`,
};

const END: Statement = {
  name: "depends_on_past_wait_end",
  text: `
delete from dagsmith.depends_on_past_wait w using ${TASKS.as("v")}
where w.run_id = v.run_id and w.task_id = v.task_id`,
};

// A task of an ended run no longer waits.
const WAITING: Statement = {
  name: "depends_on_past_wait_of_dags",
  text: `
select w.run_id as "runId", w.task_id as "taskId"
from dagsmith.depends_on_past_wait w join dagsmith.dag_run r on r.id = w.run_id
where r.state = 'running' and r.dag_id = any($1) order by r.logical_date, w.run_id`,
};

const DAGS: Statement = {
  name: "depends_on_past_wait_dags",
  text: `
select distinct r.dag_id
from dagsmith.depends_on_past_wait w join dagsmith.dag_run r on r.id = w.run_id
where r.state = 'running'`,
};

const OF_RUN: Statement = {
  name: "depends_on_past_wait_of_run",
  text: `
select task_id as "taskId", since from dagsmith.depends_on_past_wait
where run_id = $1 order by since, task_id`,
};

/**
 * The previous run of the run `r` of version `v`: the one with the nearest earlier
 * logical date. For a run of a named schedule, runs of other schedules do not count.
 */
export const PREVIOUS_RUN = `
  select id, version_id, logical_date, state from dagsmith.dag_run o
  where o.dag_id = r.dag_id and o.logical_date < r.logical_date and o.deleting_since is null
    and (o.run_type <> 'manual' or v.spec ->> 'catchup' <> 'all')
    and (o.schedule is null or r.schedule is null or o.schedule = r.schedule)
  order by o.logical_date desc, o.id desc limit 1`;

const PREVIOUS: Statement = {
  name: "depends_on_past_previous_run",
  text: `
select r.id as run_id, r.version_id, r.dag_id, p.id as previous_id,
  p.version_id as previous_version, p.logical_date as previous_date,
  p.state in ('success', 'failed') as is_over,
  r.run_type = 'backfill' and r.backfill_ordinal = 1 as is_first_of_backfill
from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id left join lateral (${PREVIOUS_RUN}) p on true
where r.id = any($1)`,
};

const STATES: Statement = {
  name: "depends_on_past_states",
  text: `
select run_id, task_id, array_agg(distinct state) as states from dagsmith.task_instance
where run_id = any($1) and task_id = any($2) and state <> 'removed' group by run_id, task_id`,
};

const OLDER: Statement = {
  name: "depends_on_past_older_instance",
  text: `
select exists (
  select from dagsmith.dag_run o join dagsmith.task_instance t on t.run_id = o.id and t.task_id = $3
  where o.dag_id = $1 and o.logical_date < $2
) as found`,
};

interface PreviousRow {
  run_id: number;
  version_id: number;
  dag_id: string;
  previous_id: number | null;
  previous_version: number | null;
  previous_date: Date | null;
  is_over: boolean | null;
  is_first_of_backfill: boolean;
}

export async function recordDependsOnPastWaits(
  tx: Queryable,
  waits: readonly DependsOnPastWait[],
): Promise<void> {
  if (waits.length > 0) await tx.query(RECORD, TASKS.values(waits));
}

export async function endDependsOnPastWaits(
  tx: Queryable,
  ended: readonly DependsOnPastWait[],
): Promise<void> {
  if (ended.length > 0) await tx.query(END, TASKS.values(ended));
}

/** Tasks of a run that wait only for their previous run, and since when. */
export function dependsOnPastWaitsOf(
  db: Queryable,
  runId: number,
): Promise<readonly { readonly taskId: string; readonly since: Date }[]> {
  return db.query<{ taskId: string; since: Date }>(OF_RUN, [runId]);
}

/** DAGs in which a task waits for its previous run. */
export async function dagsWithDependsOnPastWaits(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(DAGS)).map((row) => row.dag_id);
}

/** Whether the previous runs allow the tasks to run, in the order of the tasks. */
export async function dependsOnPastMet(
  db: Queryable,
  plans: Plans,
  questions: readonly DependsOnPastWait[],
): Promise<readonly boolean[]> {
  const found = await db.query<PreviousRow & Record<string, unknown>>(PREVIOUS, [
    [...new Set(questions.map(({ runId }) => runId))],
  ]);
  const rows = new Map(found.map((row) => [row.run_id, row]));
  const versions = await plans.get(
    db,
    found.flatMap((row) => [row.version_id, row.previous_version]).filter((id) => id !== null),
  );
  const states = await statesBefore(db, questions, rows, versions);
  const met: boolean[] = [];
  for (const { runId, taskId } of questions) {
    const row = rows.get(runId);
    const plan = row && versions.get(row.version_id)?.plan;
    if (!plan) throw new Error(`run ${runId} cannot be read`);
    const task = plannedTask(plan, taskId);
    met.push(
      isDependsOnPastMet(
        task.spec,
        await previousRunOf(db, row, versions.get(row.previous_version ?? -1)?.spec, task, states),
      ),
    );
  }
  return met;
}

/** @param before the DAG as it was in the run before */
async function previousRunOf(
  db: Queryable,
  row: PreviousRow,
  before: DagSpec | undefined,
  { spec: { taskId }, downstream }: PlannedTask,
  states: ReadonlyMap<string, readonly PreviousState[]>,
): Promise<Past> {
  const isExempt = row.is_first_of_backfill;
  if (!before || isExempt) return { isExempt, previous: null, hasOlder: false };
  const statesOf = (id: string): readonly PreviousState[] => {
    if (!before.tasks.some((task) => task.taskId === id)) return [];
    // A task that never started, because its run was cancelled or timed out, counts as
    // skipped.
    return states.get(`${row.previous_id}/${id}`) ?? [row.is_over ? "skipped" : "none"];
  };
  const own = statesOf(taskId);
  const hasOlder = own.length === 0 && (await wasEverPart(db, row, taskId));
  return { isExempt, previous: { own, downstream: downstream.flatMap(statesOf) }, hasOlder };
}

/** States of these tasks, and of their direct downstream tasks, in the previous runs. */
async function statesBefore(
  db: Queryable,
  questions: readonly DependsOnPastWait[],
  rows: ReadonlyMap<number, PreviousRow>,
  versions: ReadonlyMap<number, PlannedVersion>,
): Promise<ReadonlyMap<string, readonly PreviousState[]>> {
  const taskIds = questions.flatMap(({ runId, taskId }) => {
    const plan = versions.get(rows.get(runId)?.version_id ?? -1)?.plan;
    return [taskId, ...(plan?.tasks.get(taskId)?.downstream ?? [])];
  });
  const runIds = [...rows.values()].flatMap((row) => row.previous_id ?? []);
  const found = await db.query<{ run_id: number; task_id: string; states: PreviousState[] }>(
    STATES,
    [runIds, [...new Set(taskIds)]],
  );
  return new Map(found.map((row) => [`${row.run_id}/${row.task_id}`, row.states]));
}

async function wasEverPart(db: Queryable, row: PreviousRow, taskId: string): Promise<boolean> {
  const [older] = await db.query<{ found: boolean }>(OLDER, [
    row.dag_id,
    row.previous_date,
    taskId,
  ]);
  return older?.found ?? false;
}

/**
 * Tasks of running runs of these DAGs that wait for their previous run, oldest run first.
 */
export async function dependsOnPastWaitsOfDags(
  db: Queryable,
  dagIds: readonly string[],
): Promise<readonly DependsOnPastWait[]> {
  if (dagIds.length === 0) return [];
  return db.query<DependsOnPastWait & Record<string, unknown>>(WAITING, [dagIds]);
}

/**
 * What needs people first: runs that failed lately with their first error, and runs whose
 * deadline is near or missed.
 */

import type { Queryable, Statement } from "../database/database.ts";
import type { RunType } from "../runs/dag_run.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

/** How long ago a failure counts as new. */
const LATELY = "interval '24 hours'";
/** A deadline that is due within this time is near. */
const NEAR = "interval '1 hour'";
/** Failed runs that are read of one DAG; one broken DAG must not hide the others. */
const OF_ONE_DAG = 5;

/** A run that failed in the last 24 hours. */
export interface FailedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly logicalDate: Date;
  readonly finishedAt: Date;
  /** Why the run failed; null without a reason. */
  readonly reason: string | null;
  /** The task that failed first; null when no task failed. */
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  /** Name and first line of its error, or its reason. */
  readonly error: string | null;
}

// The index over failed runs is read for each DAG, from the newest run on: the history of
// successes is not.
const FAILED: Statement = {
  name: "attention_failed",
  text: `
select r.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType",
  r.logical_date as "logicalDate", r.finished_at as "finishedAt", r.reason,
  t.task_id as "taskId", t.map_index as "mapIndex",
  left(split_part(coalesce(
    nullif(concat_ws(': ', t.error ->> 'name', t.error ->> 'message'), ''), t.reason), E'\\n', 1), 300)
    as error
from dagsmith.dag d
cross join lateral (
  select * from dagsmith.dag_run f where f.dag_id = d.dag_id and f.state = 'failed'
  order by f.id desc limit ${OF_ONE_DAG}
) r
left join lateral (
  select i.task_id, i.map_index, i.error, i.reason from dagsmith.task_instance i
  where i.run_id = r.id and i.state = 'failed' order by i.finished_at, i.id limit 1
) t on true
where d.removed_at is null and r.finished_at > now() - ${LATELY} and ${isVisible("d.dag_id", "$2")}
order by r.finished_at desc, r.id desc limit $1`,
};

/** A run that misses its deadline, or will soon. */
export interface LateRun {
  readonly id: number;
  readonly dagId: string;
  readonly runType: RunType;
  readonly logicalDate: Date;
  /** When it should be done. For a missed deadline: when the miss was noticed. */
  readonly dueAt: Date;
  readonly isMissed: boolean;
}

// A deadline has a row only until its run succeeds or misses it; then a callback of an
// active run tells of it. Both sets are as small as the set of active runs.
const LATE: Statement = {
  name: "attention_late",
  text: `
select r.id, r.dag_id as "dagId", r.run_type as "runType", r.logical_date as "logicalDate",
  late.due_at as "dueAt", late.missed as "isMissed"
from (
  select run_id, min(due_at) as due_at, false as missed from dagsmith.deadline
  where due_at < now() + ${NEAR} group by run_id
  union all
  select a.id, max(c.created_at), true
  from dagsmith.dag_run a join dagsmith.callback c on c.run_id = a.id and c.event = 'deadline'
  where a.state in ('queued', 'running') group by a.id
) late join dagsmith.dag_run r on r.id = late.run_id
where ${isVisible("r.dag_id", "$2")}
order by late.missed desc, late.due_at limit $1`,
};

/** Runs that failed in the last 24 hours, newest first; at most 5 of a DAG. */
export function listFailedRuns(
  db: Queryable,
  limit: number,
  visible: VisibleTags,
): Promise<readonly FailedRun[]> {
  return db.query<FailedRun & Record<string, unknown>>(FAILED, [limit, visible]);
}

/** Missed deadlines of active runs first, then those of the next hour. */
export function listLateRuns(
  db: Queryable,
  limit: number,
  visible: VisibleTags,
): Promise<readonly LateRun[]> {
  return db.query<LateRun & Record<string, unknown>>(LATE, [limit, visible]);
}

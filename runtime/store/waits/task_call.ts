/**
 * Calls: a row says which run a task instance has started, and whether it still waits for
 * that run. The row is written with the wait of the try, and kept for later tries.
 */
import type { Json } from "../../../sdk/json.ts";
import type { CallSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** A call as the try of an instance returned it. */
interface InstanceCall {
  readonly id: number;
  readonly call: CallSpec;
}

const CALLS = rowsOf<InstanceCall>({
  id: ["bigint", ({ id }) => id],
  dag_id: ["text", ({ call }) => call.dagId],
  params: ["json", ({ call }) => call.params],
  version: ["int", ({ call }) => call.version],
  waits: ["boolean", ({ call }) => call.waits],
  rerun: ["text", ({ call }) => call.rerun],
});

// A later try of the instance keeps the run of the try before.
const PUT: Statement = {
  name: "task_call_put",
  text: `
insert into dagsmith.task_call (task_instance_id, try_number, dag_id, params, version, waits, rerun)
select t.id, t.try_number, v.dag_id, v.params, v.version, v.waits, v.rerun
from ${CALLS.as("v")} join dagsmith.task_instance t on t.id = v.id
on conflict (task_instance_id) do update set
  try_number = excluded.try_number, dag_id = excluded.dag_id, params = excluded.params,
  version = excluded.version, waits = excluded.waits, rerun = excluded.rerun, state = 'new',
  called_run_id = case when task_call.dag_id = excluded.dag_id then task_call.called_run_id end`,
};

/** The instance that called, and the try that did. */
export interface CallRef {
  readonly instanceId: number;
  readonly tryNumber: number;
}

/** The instance that waits for its call, as the engine ends its wait. */
export interface Caller extends CallRef {
  readonly lostTries: number;
  readonly clearedTries: number;
  readonly elapsedMs: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
}

const CALLER = `c.task_instance_id as "instanceId", c.try_number as "tryNumber",
  t.lost_tries as "lostTries", t.cleared_tries as "clearedTries", t.run_id as "runId",
  coalesce(extract(epoch from now() - t.first_started_at) * 1000, 0)::float8 as "elapsedMs",
  t.task_id as "taskId", t.map_index as "mapIndex"`;

// "offset 0" keeps each join a look into a primary key, whatever statistics say.

/** The instance `t` of the call `c`, while it waits for the call. */
const WAITING = `cross join lateral (
  select * from dagsmith.task_instance t where t.id = c.task_instance_id
    and t.try_number = c.try_number and t.state = 'deferred' offset 0
) t`;

/** The run `r` that the call `c` has started. */
const CALLED = "(select * from dagsmith.dag_run r where r.id = c.called_run_id offset 0) r";

/** A call whose run must be created, or run again. */
export interface NewCall extends Caller {
  readonly dagId: string;
  readonly params: Json;
  readonly version: number | null;
  readonly rerun: CallSpec["rerun"];
  /** The run of an earlier try; null for none. */
  readonly calledRunId: number | null;
  /** The run that calls. */
  readonly callerDagId: string;
  readonly callerRunId: string;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly partitionKey: string | null;
  /** The DAGs whose runs led to the run that calls, in their order. */
  readonly chain: readonly string[];
  /** The version that would run; null: there is none. */
  readonly versionId: number | null;
  /** Null when the DAG does not exist, or is removed. */
  readonly isPaused: boolean | null;
}

const NEW: Statement = {
  name: "task_call_new",
  text: `
select ${CALLER}, c.dag_id as "dagId", c.params, c.version, c.rerun,
  c.called_run_id as "calledRunId", r.dag_id as "callerDagId", r.run_id as "callerRunId",
  r.logical_date as "logicalDate", r.data_interval_start as "dataIntervalStart",
  r.data_interval_end as "dataIntervalEnd", r.partition_key as "partitionKey",
  coalesce(r.trigger -> 'chain', '[]') as chain,
  case when c.version is null then d.version_id else (
    select v.id from dagsmith.dag_version v where v.dag_id = c.dag_id and v.number = c.version
  ) end as "versionId", d.is_paused as "isPaused"
from dagsmith.task_call c ${WAITING}
cross join lateral (select * from dagsmith.dag_run r where r.id = t.run_id offset 0) r
left join lateral (
  select * from dagsmith.dag d
  where d.dag_id = c.dag_id and d.removed_at is null and d.version_id is not null offset 0
) d on true
where c.state = 'new' and c.task_instance_id > $2 order by c.task_instance_id limit $1`,
};

/** A run that a call has. */
export interface MadeCall extends CallRef {
  readonly calledRunId: number;
}

const MADE = rowsOf<MadeCall>({
  id: ["bigint", ({ instanceId }) => instanceId],
  try_number: ["int", ({ tryNumber }) => tryNumber],
  called_run_id: ["bigint", ({ calledRunId }) => calledRunId],
});

const GO: Statement = {
  name: "task_call_go",
  text: `
update dagsmith.task_call c set state = 'going', called_run_id = v.called_run_id
from ${MADE.as("v")}
where c.task_instance_id = v.id and c.try_number = v.try_number and c.state = 'new'
returning c.task_instance_id as "instanceId"`,
};

const REFS = rowsOf<CallRef>({
  id: ["bigint", ({ instanceId }) => instanceId],
  try_number: ["int", ({ tryNumber }) => tryNumber],
});

// A call that a frozen transaction holds must not hold up the others.
const LOCK_FREE: Statement = {
  name: "task_call_lock_free",
  text: `
select c.task_instance_id as "instanceId", c.state = 'new' as "isNew" from ${REFS.as("v")}
join dagsmith.task_call c on c.task_instance_id = v.id and c.try_number = v.try_number
order by c.task_instance_id for no key update of c skip locked`,
};

// The wait goes with its call.
const END: Statement = {
  name: "task_call_end",
  text: `
with ended as (
  update dagsmith.task_call c set state = 'over' from ${REFS.as("v")}
  where c.task_instance_id = v.id and c.try_number = v.try_number
  returning c.task_instance_id, c.try_number
)
delete from dagsmith.task_wait w using ended
where w.task_instance_id = ended.task_instance_id and w.try_number = ended.try_number
  and w.kind = 'call'`,
};

/** A call whose wait is over, and its run. */
export interface EndedCall extends Caller {
  readonly calledRunId: number;
  readonly calledDagId: string;
  readonly calledRunName: string;
  readonly calledVersionId: number;
  readonly calledState: RunState;
  readonly calledReason: string | null;
  readonly waits: boolean;
}

const ENDED = `
select ${CALLER}, c.waits, r.id as "calledRunId", r.dag_id as "calledDagId",
  r.run_id as "calledRunName", r.version_id as "calledVersionId", r.state as "calledState",
  r.reason as "calledReason"
from dagsmith.task_call c ${WAITING} cross join lateral ${CALLED}
where c.state = 'going' and (not c.waits or r.state in ('success', 'failed'))`;

// Two statements: the ends of single runs are looked up by the index over called runs.
const ENDED_OF_RUNS: Statement = {
  name: "task_call_ended_of_runs",
  text: `${ENDED} and c.called_run_id = any($1)`,
};
const ENDED_OF_ALL: Statement = {
  name: "task_call_ended",
  text: `${ENDED} and c.task_instance_id > $2 order by c.task_instance_id limit $1`,
};

/** A call whose task waits no more, because it was ended in another way. */
export interface LeftCall extends CallRef {
  /** Null: no run was created. */
  readonly calledRunId: number | null;
  /** Whether that run must be cancelled. */
  readonly isActive: boolean;
  readonly taskId: string;
  readonly callerRunId: string;
}

// A cleared instance waits again soon, unless its run has ended.
const LEFT: Statement = {
  name: "task_call_left",
  text: `
select c.task_instance_id as "instanceId", c.try_number as "tryNumber",
  c.called_run_id as "calledRunId", t.task_id as "taskId", p.run_id as "callerRunId",
  c.waits and coalesce(r.state in ('queued', 'running'), false) as "isActive"
from dagsmith.task_call c
cross join lateral (
  select * from dagsmith.task_instance t where t.id = c.task_instance_id offset 0
) t
cross join lateral (select * from dagsmith.dag_run p where p.id = t.run_id offset 0) p
left join lateral ${CALLED} on true
where c.state in ('new', 'going')
  and (t.finished_at is not null or (t.state = 'none' and p.finished_at is not null))
  and c.task_instance_id > $2
order by c.task_instance_id limit $1`,
};

/** Writes the calls of tries that have just begun to wait. */
export async function putCalls(db: Queryable, calls: readonly InstanceCall[]): Promise<void> {
  if (calls.length > 0) await db.query(PUT, CALLS.values(calls));
}

/** Some of the calls, in the order of their instances. */
export interface CallPage {
  readonly limit: number;
  /** Only calls of later instances. 0: from the first. */
  readonly after: number;
}

/** Calls whose runs must be created, or run again. */
export function newCalls(db: Queryable, page: CallPage): Promise<readonly NewCall[]> {
  return db.query<NewCall & Record<string, unknown>>(NEW, [page.limit, page.after]);
}

/**
 * Locks those of the calls that no other transaction holds.
 * @returns their instances, and whether their runs must still be created
 */
export async function lockFreeCalls(
  tx: Queryable,
  calls: readonly CallRef[],
): Promise<ReadonlyMap<number, { readonly isNew: boolean }>> {
  if (calls.length === 0) return new Map();
  type Row = { instanceId: number; isNew: boolean };
  const rows = await tx.query<Row>(LOCK_FREE, REFS.values(calls));
  return new Map(rows.map((row) => [row.instanceId, row]));
}

/** Records the runs of new calls. @returns the instances whose calls were still new */
export async function startCalls(
  db: Queryable,
  calls: readonly MadeCall[],
): Promise<readonly number[]> {
  if (calls.length === 0) return [];
  const rows = await db.query<{ instanceId: number }>(GO, MADE.values(calls));
  return rows.map(({ instanceId }) => instanceId);
}

/** Calls whose waits are over, of these runs. */
export function endedCallsOf(
  db: Queryable,
  runIds: readonly number[],
): Promise<readonly EndedCall[]> {
  return db.query<EndedCall & Record<string, unknown>>(ENDED_OF_RUNS, [runIds]);
}

/** Calls whose waits are over. */
export function endedCalls(db: Queryable, page: CallPage): Promise<readonly EndedCall[]> {
  return db.query<EndedCall & Record<string, unknown>>(ENDED_OF_ALL, [page.limit, page.after]);
}

/** Calls whose tasks wait no more. */
export function leftCalls(db: Queryable, page: CallPage): Promise<readonly LeftCall[]> {
  return db.query<LeftCall & Record<string, unknown>>(LEFT, [page.limit, page.after]);
}

/** Ends calls, and deletes the waits for them. */
export async function endCallRows(db: Queryable, calls: readonly CallRef[]): Promise<void> {
  if (calls.length > 0) await db.query(END, REFS.values(calls));
}

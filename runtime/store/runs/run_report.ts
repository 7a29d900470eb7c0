/**
 * Runs that ended, as a collector of traces or lineage gets them: each at least once. One
 * scheduler at a time sends to a collector, by a lease. A run may be committed later than a
 * run that ended after it, so each look goes back over a minute: the server ends a
 * transaction that is frozen for longer.
 */
import type { Json } from "../../../sdk/json.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export type ReportSink = "traces" | "lineage";

export interface ReportedTry {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly state: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly reason: string | null;
}

/** An update of an asset by a task. */
export interface ReportedUpdate {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly uri: string;
  readonly extra: Json;
}

export interface ReportedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: string;
  readonly generation: number;
  readonly state: Extract<RunState, "success" | "failed">;
  readonly reason: string | null;
  readonly queuedAt: Date;
  /** Null: it ended before it started. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly versionId: number;
  /** Assets that its tasks updated. */
  readonly updates: readonly ReportedUpdate[];
  /** Of its last start; those of an earlier generation were in that report. */
  readonly tries: readonly ReportedTry[];
}

const LEASE: Statement = {
  name: "report_sink_lease",
  text: `
insert into dagsmith.report_sink as s (name, holder, leased_until)
values ($1, $2, now() + interval '1 minute')
on conflict (name) do update set holder = excluded.holder, leased_until = excluded.leased_until
  where s.holder = excluded.holder or s.leased_until < now()
returning position`,
};

const DUE: Statement = {
  name: "run_report_due",
  text: `
select r.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType",
  r.generation, r.state, r.reason, r.queued_at as "queuedAt", r.started_at as "startedAt",
  r.finished_at as "finishedAt", r.data_interval_start as "dataIntervalStart",
  r.data_interval_end as "dataIntervalEnd", r.version_id as "versionId"
from dagsmith.dag_run r
where r.finished_at >= $2::timestamptz - interval '1 minute'
  and not exists (
    select from dagsmith.run_report p
    where p.sink = $1 and p.run_id = r.id and p.generation = r.generation)
order by r.finished_at, r.id limit $3`,
};

const TRIES: Statement = {
  name: "run_report_tries",
  text: `
with ended as (
  select t.run_id, t.task_id, t.map_index, t.try_number, t.state, t.started_at, t.finished_at,
    t.reason
  from dagsmith.task_instance t where t.run_id = any($1) and t.finished_at is not null
  union all
  select t.run_id, t.task_id, t.map_index, y.try_number, y.state, y.started_at, y.finished_at,
    y.reason
  from dagsmith.task_instance t join dagsmith.task_try y on y.task_instance_id = t.id
  where t.run_id = any($1))
select e.run_id as "runId", e.task_id as "taskId", e.map_index as "mapIndex",
  e.try_number as "tryNumber", e.state, e.started_at as "startedAt",
  e.finished_at as "finishedAt", e.reason
from ended e join dagsmith.dag_run r on r.id = e.run_id
where e.started_at >= r.started_at
order by e.run_id, e.started_at, e.task_id, e.map_index, e.try_number`,
};

const UPDATES: Statement = {
  name: "run_report_updates",
  text: `
select run_id as "runId", task_id as "taskId", map_index as "mapIndex", uri, extra
from dagsmith.asset_event where run_id = any($1) order by id`,
};

const SENT: Statement = {
  name: "run_report_sent",
  text: `
insert into dagsmith.run_report (sink, run_id, generation)
select $1, * from unnest($2::bigint[], $3::int[]) on conflict do nothing`,
};

const MOVE: Statement = {
  name: "report_sink_move",
  text: `
update dagsmith.report_sink set position = greatest(position, $3::timestamptz)
where name = $1 and holder = $2`,
};

const FORGET: Statement = {
  name: "run_report_forget",
  text: `
delete from dagsmith.run_report p using dagsmith.report_sink s
where s.name = $1 and p.sink = $1 and p.sent_at < s.position - interval '1 hour'`,
};

/** @returns where to go on; undefined while another scheduler sends */
export async function leaseSink(
  db: Queryable,
  sink: ReportSink,
  holder: string,
): Promise<Date | undefined> {
  const [row] = await db.query<{ position: Date }>(LEASE, [sink, holder]);
  return row?.position;
}

/** Runs that ended and were not sent yet, the oldest first. */
export async function runsToReport(
  db: Queryable,
  { sink, position, limit }: { sink: ReportSink; position: Date; limit: number },
): Promise<readonly ReportedRun[]> {
  const runs = await db.query<Omit<ReportedRun, "tries" | "updates">>(DUE, [sink, position, limit]);
  if (runs.length === 0) return [];
  const ids = runs.map(({ id }) => id);
  const tries = await byRun<ReportedTry>(db, TRIES, ids);
  const updates = await byRun<ReportedUpdate>(db, UPDATES, ids);
  return runs.map((run) => ({
    ...run,
    tries: tries.get(run.id) ?? [],
    updates: updates.get(run.id) ?? [],
  }));
}

async function byRun<Row>(
  db: Queryable,
  statement: Statement,
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly Row[]>> {
  const rows = await db.query<Row & { readonly runId: number }>(statement, [ids]);
  return Map.groupBy(rows, ({ runId }) => runId);
}

/** Remembers what the collector has got. */
export async function recordReports(
  db: Queryable,
  { sink, holder }: { readonly sink: ReportSink; readonly holder: string },
  runs: readonly ReportedRun[],
): Promise<void> {
  const last = runs.at(-1);
  if (!last) return;
  const ids = runs.map(({ id }) => id);
  await db.query(SENT, [sink, ids, runs.map(({ generation }) => generation)]);
  await db.query(MOVE, [sink, holder, last.finishedAt]);
  await db.query(FORGET, [sink]);
}

/**
 * Runs that ended, as a collector of traces or lineage gets them: each at least once. One
 * scheduler at a time sends to a collector, by a lease.
 *
 * A run ends at the start of its transaction, and is seen at its commit: a run may be seen
 * later than a run that ended after it. So the position stays behind every transaction that
 * is open. A look notes the open transactions. When all of them are over, each transaction
 * that began before the look is over, too.
 */
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export type ReportSink = "traces" | "lineage";

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
}

const LEASE: Statement = {
  name: "report_sink_lease",
  text: `
insert into dagsmith.report_sink as s (name, holder, leased_until)
values ($1, $2, now() + interval '1 minute')
on conflict (name) do update set holder = excluded.holder, leased_until = excluded.leased_until
  where s.holder = excluded.holder or s.leased_until < now()
returning name`,
};

/**
 * Only services of dagsmith end runs: a backup that takes hours holds nothing up. The
 * minute is for clocks that are set, and for a transaction between its start and its lock.
 */
const LOOK: Statement = {
  name: "report_sink_look",
  text: `
with open_now as (
  select coalesce(array_agg(l.virtualtransaction), '{}') as ids
  from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock' and a.pid <> pg_backend_pid()
    and a.datname = current_database() and a.application_name like 'dagsmith %'
),
last_look as (
  select s.name, s.looked_at, open_now.ids
  from dagsmith.report_sink s, open_now
  where s.name = $1 and s.holder = $2 and not s.open_then && open_now.ids
  for no key update of s
)
update dagsmith.report_sink s
set looked_at = now() - interval '1 minute', open_then = last_look.ids
from last_look where s.name = last_look.name
returning last_look.looked_at as "passedAt"`,
};

const DUE: Statement = {
  name: "run_report_due",
  text: `
select r.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType",
  r.generation, r.state, r.reason, r.queued_at as "queuedAt", r.started_at as "startedAt",
  r.finished_at as "finishedAt", r.data_interval_start as "dataIntervalStart",
  r.data_interval_end as "dataIntervalEnd", r.version_id as "versionId"
from dagsmith.dag_run r
where r.finished_at >= (
    select position from dagsmith.report_sink where name = $1 and holder = $2)
  and not exists (
    select from dagsmith.run_report p
    where p.sink = $1 and p.run_id = r.id and p.generation = r.generation)
order by r.finished_at, r.id limit $3`,
};

const SENT: Statement = {
  name: "run_report_sent",
  text: `
insert into dagsmith.run_report (sink, run_id, generation)
values ($1, $2, $3) on conflict do nothing`,
};

const MOVE: Statement = {
  name: "report_sink_move",
  text: `
update dagsmith.report_sink
set position = greatest(position, least($3::timestamptz, $4::timestamptz))
where name = $1 and holder = $2 and $3::timestamptz is not null`,
};

const FORGET: Statement = {
  name: "run_report_forget",
  text: `
delete from dagsmith.run_report p using dagsmith.report_sink s
where s.name = $1 and p.sink = $1 and p.sent_at < s.position - interval '1 hour'`,
};

/** The scheduler that sends to a collector. */
export interface SinkLease {
  readonly sink: ReportSink;
  readonly holder: string;
}

/** @returns false while another scheduler sends */
export async function leaseSink(db: Queryable, { sink, holder }: SinkLease): Promise<boolean> {
  return (await db.query(LEASE, [sink, holder])).length > 0;
}

export interface DueRuns {
  /** They ended and were not sent yet; the oldest first. */
  readonly runs: readonly ReportedRun[];
  /** No run that ended before can come later; null: not known. */
  readonly passedAt: Date | null;
}

/** The look comes first: the runs of transactions that it finds over are seen. */
export async function runsToReport(
  db: Queryable,
  { sink, holder }: SinkLease,
  limit: number,
): Promise<DueRuns> {
  const [look] = await db.query<{ passedAt: Date }>(LOOK, [sink, holder]);
  const runs = await db.query<ReportedRun & Record<string, unknown>>(DUE, [sink, holder, limit]);
  const passedAt = look?.passedAt ?? null;
  if (runs.length === 0) await db.query(MOVE, [sink, holder, passedAt, null]);
  return { runs, passedAt };
}

/**
 * Remembers that the collector has got a run, and all that ended before it.
 * @param passedAt that of the {@link DueRuns} with this run
 */
export async function recordReport(
  db: Queryable,
  { sink, holder }: SinkLease,
  { id, generation, finishedAt }: ReportedRun,
  passedAt: Date | null,
): Promise<void> {
  await db.query(SENT, [sink, id, generation]);
  await db.query(MOVE, [sink, holder, passedAt, finishedAt]);
}

/** Deletes what the position has passed for good. */
export async function forgetReports(db: Queryable, sink: ReportSink): Promise<void> {
  await db.query(FORGET, [sink]);
}

/**
 * Runs that ended, as a collector of traces or lineage gets them: each at least once. One
 * scheduler at a time sends to a collector, by a lease. A run may be committed later than a
 * run that ended after it, so each look goes back over a minute: the server ends a
 * transaction that is frozen for longer.
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

const SENT: Statement = {
  name: "run_report_sent",
  text: `
insert into dagsmith.run_report (sink, run_id, generation)
values ($1, $2, $3) on conflict do nothing`,
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
export function runsToReport(
  db: Queryable,
  { sink, position, limit }: { sink: ReportSink; position: Date; limit: number },
): Promise<readonly ReportedRun[]> {
  return db.query(DUE, [sink, position, limit]);
}

/** Remembers that the collector has got a run. */
export async function recordReport(
  db: Queryable,
  { sink, holder }: { readonly sink: ReportSink; readonly holder: string },
  { id, generation, finishedAt }: ReportedRun,
): Promise<void> {
  await db.query(SENT, [sink, id, generation]);
  await db.query(MOVE, [sink, holder, finishedAt]);
}

/** Deletes what the position has passed for good. */
export async function forgetReports(db: Queryable, sink: ReportSink): Promise<void> {
  await db.query(FORGET, [sink]);
}

/**
 * Schedule decisions: one row for each run, one row for consecutive intervals that were skipped for
 * the same reason.
 */
import type { RunState } from "../../state/run_state.ts";
import type { RunInfo } from "../../timetable/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/**
 * Why intervals were skipped.
 * - `catchup`: they were missed, and catchup leaves them out.
 * - `paused`: they were due in a pause.
 * - `max_active_runs`: they waited for capacity, and catchup no longer asked for them afterwards.
 */
export const SKIP_REASONS = ["catchup", "paused", "max_active_runs"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Consecutive intervals skipped for one reason. */
export interface SkippedIntervals {
  readonly reason: SkipReason;
  /** Null: too many to count. */
  readonly count: number | null;
  readonly first: RunInfo;
  readonly last: RunInfo;
}

/** A decision to be stored. */
export interface NewDecision {
  readonly dagId: string;
  readonly schedule: string;
  readonly decision: "run" | "skipped";
  readonly reason: SkipReason | null;
  readonly count: number | null;
  readonly first: RunInfo;
  readonly last: RunInfo;
  readonly runId: string | null;
}

const DECISIONS = rowsOf<NewDecision>({
  dag_id: ["text", ({ dagId }) => dagId],
  schedule: ["text", ({ schedule }) => schedule],
  decision: ["text", ({ decision }) => decision],
  reason: ["text", ({ reason }) => reason],
  count: ["int", ({ count }) => count],
  logical_date: ["timestamptz", ({ first }) => first.logicalDate],
  last_logical_date: ["timestamptz", ({ last }) => last.logicalDate],
  data_interval_start: ["timestamptz", ({ first }) => first.dataInterval.start],
  data_interval_end: ["timestamptz", ({ last }) => last.dataInterval.end],
  run_after: ["timestamptz", ({ first }) => first.runAfter],
  last_run_after: ["timestamptz", ({ last }) => last.runAfter],
  run_id: ["text", ({ runId }) => runId],
});

// An interval may be decided again after a change of its DAG; the newest decision is kept.
const PUT: Statement = {
  name: "schedule_decision_put",
  text: `
insert into dagsmith.schedule_decision as s (${DECISIONS.names})
select * from ${DECISIONS.unnest}
on conflict (dag_id, schedule, logical_date) do update set decision = excluded.decision,
  reason = excluded.reason, count = excluded.count, last_logical_date = excluded.last_logical_date,
  data_interval_start = excluded.data_interval_start,
  data_interval_end = excluded.data_interval_end, run_after = excluded.run_after,
  last_run_after = excluded.last_run_after, run_id = excluded.run_id, decided_at = now()
where (s.decision, s.reason, s.last_logical_date, s.run_id)
  is distinct from (excluded.decision, excluded.reason, excluded.last_logical_date, excluded.run_id)`,
};

const COLUMNS = `s.schedule, s.decision, s.reason, s.count, s.logical_date as "logicalDate",
  s.last_logical_date as "lastLogicalDate", s.data_interval_start as "dataIntervalStart",
  s.data_interval_end as "dataIntervalEnd", s.run_after as "runAfter",
  s.last_run_after as "lastRunAfter", coalesce(r.run_id, s.run_id) as "runId",
  s.decided_at as "decidedAt", r.id as run, r.state as "runState"`;

// The run is found by its run id without the type, by the index dag_run_interval: the run of a
// backfill has another type. Decisions are read by the index on (dag_id, last_logical_date desc,
// schedule), so that a page costs the same after ten years as on the first day.
const LIST: Statement = {
  name: "schedule_decision_list",
  text: `
select ${COLUMNS} from dagsmith.schedule_decision s
left join dagsmith.dag_run r on r.dag_id = s.dag_id and r.schedule is not null
  and substr(r.run_id, strpos(r.run_id, '__')) = substr(s.run_id, strpos(s.run_id, '__'))
where s.dag_id = $1 and s.last_logical_date >= coalesce($2, '-infinity'::timestamptz)
  and s.logical_date <= coalesce($3, 'infinity'::timestamptz)
  and s.last_logical_date <= coalesce($5, 'infinity'::timestamptz)
  and (s.last_logical_date < coalesce($5, 'infinity'::timestamptz) or s.schedule > $6)
order by s.last_logical_date desc, s.schedule limit $4`,
};

/** A stored decision, with its run. */
export interface ScheduleDecision {
  readonly schedule: string;
  readonly decision: "run" | "skipped";
  readonly reason: SkipReason | null;
  readonly count: number | null;
  readonly logicalDate: Date;
  readonly lastLogicalDate: Date;
  /** From the start of the first interval to the end of the last. */
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly runAfter: Date;
  readonly lastRunAfter: Date;
  readonly runId: string | null;
  readonly decidedAt: Date;
  /** The id of the run; null when there is none, or it was deleted. */
  readonly run: number | null;
  readonly runState: RunState | null;
}

export async function putDecisions(
  tx: Queryable,
  decisions: readonly NewDecision[],
): Promise<void> {
  if (decisions.length === 0) return;
  // A statement must not write one row twice.
  const last = new Map(
    decisions.map((decision) => [
      `${decision.dagId} ${decision.schedule} ${decision.first.logicalDate.getTime()}`,
      decision,
    ]),
  );
  await tx.query(PUT, DECISIONS.values([...last.values()]));
}

export interface DecisionQuery {
  readonly dagId: string;
  /** Bounds of the logical date, inclusive. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** The last decision of the previous page. */
  readonly after: { readonly logicalDate: Date; readonly schedule: string } | null;
  readonly limit: number;
}

/** A DAG's decisions, the newest logical dates first. */
export function listDecisions(
  db: Queryable,
  { dagId, from, to, after, limit }: DecisionQuery,
): Promise<readonly ScheduleDecision[]> {
  return db.query<ScheduleDecision & Record<string, unknown>>(LIST, [
    dagId,
    from,
    to,
    limit,
    after?.logicalDate ?? null,
    after?.schedule ?? "",
  ]);
}

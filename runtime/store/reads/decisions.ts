/**
 * Schedule decisions as people see them: each with its run, the newest logical dates
 * first.
 */
import type { RunState } from "../../state/run_state.ts";
import type { SkipReason } from "../dags/schedule_decision.ts";
import type { Queryable, Statement } from "../database/database.ts";

const COLUMNS = `s.schedule, s.decision, s.reason, s.count, s.logical_date as "logicalDate",
  s.last_logical_date as "lastLogicalDate", s.data_interval_start as "dataIntervalStart",
  s.data_interval_end as "dataIntervalEnd", s.run_after as "runAfter",
  s.last_run_after as "lastRunAfter", coalesce(r.run_id, s.run_id) as "runId",
  s.decided_at as "decidedAt", r.id as run, r.state as "runState"`;

// The run is found by its run id without the type, by the index dag_run_interval: the run
// of a backfill has another type. Decisions are read by the index on (dag_id,
// last_logical_date desc, schedule), so that a page costs the same after ten years as on
// the first day.
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
  /** Intervals in a row with this decision; null: too many to count. */
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

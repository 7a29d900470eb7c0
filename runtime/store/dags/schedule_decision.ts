/**
 * Schedule decisions: one row for each run, one row for consecutive intervals that were
 * skipped for the same reason.
 */
import type { EventSpec } from "../../../sdk/spec/index.ts";
import type { RunInfo } from "../../timetable/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/**
 * Why intervals or events made no run.
 * - `catchup`: they were missed, and catchup leaves them out.
 * - `paused`: they were due in a pause.
 * - `max_active_runs`: they waited for capacity, and catchup no longer asked for them
 *   afterwards.
 * - `when`: events that did not fit the `when` of their source.
 */
export const SKIP_REASONS = ["catchup", "paused", "max_active_runs", "when"] as const;
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

// An interval may be decided again after a change of its DAG; the newest decision is
// kept.
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

// The events of a minute share a row, so that a source with many events writes few rows.
// Its text in place of a schedule's name cannot be one: names have no space.
const REFUSED_EVENTS: Statement = {
  name: "schedule_decision_refused_events",
  text: `
insert into dagsmith.schedule_decision as s (dag_id, schedule, decision, reason, count,
  logical_date, last_logical_date, data_interval_start, data_interval_end, run_after,
  last_run_after)
select $1, $2, 'skipped', 'when', $3, minute, at, minute, at, minute, at
from (select clock_timestamp() as at, date_trunc('minute', clock_timestamp()) as minute) c
on conflict (dag_id, schedule, logical_date) do update set count = s.count + excluded.count,
  last_logical_date = greatest(s.last_logical_date, excluded.last_logical_date),
  data_interval_end = greatest(s.data_interval_end, excluded.data_interval_end),
  last_run_after = greatest(s.last_run_after, excluded.last_run_after), decided_at = now()`,
};

/** Counts events that made no run, because they did not fit the `when` of their source. */
export async function countRefusedEvents(
  tx: Queryable,
  dagId: string,
  { type, name }: Pick<EventSpec, "type" | "name">,
  count: number,
): Promise<void> {
  if (count > 0) await tx.query(REFUSED_EVENTS, [dagId, `${type} ${name}`, count]);
}

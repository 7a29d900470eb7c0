/**
 * Runs by the day on which they were due, and the schedules that plan further runs: of one
 * DAG or of all, in a window of time.
 */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

export interface CalendarQuery {
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  /** Null: all DAGs. */
  readonly dagId: string | null;
  readonly visible: VisibleTags;
}

/** SQL: the runs of the window, by the index on (dag_id, run_after). */
const DUE = `
from dagsmith.dag d join dagsmith.dag_run r
  on r.dag_id = d.dag_id and r.run_after >= $1 and r.run_after < $2
where ($3::text is null or d.dag_id = $3) and ${isVisible("d.dag_id", "$4")}`;

const DAYS: Statement = {
  name: "calendar_days",
  text: `
select to_char(r.run_after at time zone 'UTC', 'YYYY-MM-DD') as day, r.state,
  count(*)::int as runs ${DUE}
group by 1, 2`,
};

const HOURS: Statement = {
  name: "calendar_hours",
  text: `
select d.dag_id as "dagId", r.state, min(r.run_after) as at, count(*)::int as runs,
  max(r.id) as run ${DUE}
group by d.dag_id, r.state, date_trunc('hour', r.run_after)
order by 3, 1 limit $5`,
};

const PLANS: Statement = {
  name: "calendar_plans",
  text: `
select d.dag_id as "dagId", d.next_run_after as "nextRunAfter", s.schedules,
  s."startDate", s."endDate", s.catchup, tasks.dates as tasks
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
cross join lateral json_to_record(v.spec) as s
  (schedules json, "startDate" text, "endDate" text, catchup text, tasks json)
cross join lateral (
  select coalesce(json_agg(t), '[]') as dates
  from json_to_recordset(s.tasks) as t ("startDate" text, "endDate" text)
) tasks
where d.removed_at is null and not d.is_paused and d.next_run_after < $1
  and ($2::text is null or d.dag_id = $2) and ${isVisible("d.dag_id", "$3")}
order by d.dag_id`,
};

export interface DueDay {
  /** In UTC, such as `2026-01-31`. */
  readonly day: string;
  readonly state: RunState;
  readonly runs: number;
}

/** How many runs each day of a window has in each state. */
export function dueDays(db: Queryable, query: CalendarQuery): Promise<readonly DueDay[]> {
  const { from, to, dagId, visible } = query;
  return db.query<DueDay & Record<string, unknown>>(DAYS, [from, to, dagId, visible]);
}

/** Runs of one DAG in one hour and one state. */
export interface DueHour {
  readonly dagId: string;
  readonly state: RunState;
  /** When the first of them was due. */
  readonly at: Date;
  readonly runs: number;
  /** The newest of them. */
  readonly run: number;
}

/** The runs of a window by hour, DAG and state, in the order of time. */
export function dueHours(
  db: Queryable,
  query: CalendarQuery & { readonly limit: number },
): Promise<readonly DueHour[]> {
  const { from, to, dagId, visible, limit } = query;
  return db.query<DueHour & Record<string, unknown>>(HOURS, [from, to, dagId, visible, limit]);
}

/** When a DAG runs next, and by which schedules. */
export interface DagPlan extends Pick<DagSpec, "schedules" | "startDate" | "endDate" | "catchup"> {
  readonly dagId: string;
  readonly nextRunAfter: Date;
  readonly tasks: readonly Pick<TaskSpec, "startDate" | "endDate">[];
}

/** DAGs that are not paused and whose next run is due before an instant. */
export function dagPlans(
  db: Queryable,
  { to, dagId, visible }: Omit<CalendarQuery, "from">,
): Promise<readonly DagPlan[]> {
  return db.query<DagPlan & Record<string, unknown>>(PLANS, [to, dagId, visible]);
}

/** Backfills as people see them: with their progress, and interval by interval. */
import type { Json } from "../../../sdk/json.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { BackfillState, CodeChoice } from "../backfills/backfill.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** The progress of a backfill; the numbers are intervals and add up to `total`. */
export interface BackfillProgress {
  readonly total: number;
  /** Intervals without a decision yet. */
  readonly waiting: number;
  readonly queued: number;
  readonly running: number;
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface BackfillSummary {
  readonly id: number;
  readonly dagId: string;
  /** Empty for the only schedule of a DAG. */
  readonly schedule: string;
  readonly scheduleSpec: ScheduleSpec;
  readonly state: BackfillState;
  readonly from: Date;
  readonly to: Date;
  readonly reprocess: string;
  readonly backwards: boolean;
  readonly maxActiveRuns: number;
  readonly params: Json;
  readonly labels: Readonly<Record<string, string>>;
  readonly code: CodeChoice;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly progress: BackfillProgress;
}

const SUMMARY = `
select b.id, b.dag_id as "dagId", b.schedule_name as schedule, b.schedule as "scheduleSpec", b.state, b.from_date as "from", b.to_date as "to",
  b.reprocess, b.backwards, b.max_active_runs as "maxActiveRuns", b.params, b.labels, b.code, b.created_by as "createdBy",
  b.created_at as "createdAt", b.ended_at as "endedAt", p.progress
from dagsmith.backfill b,
lateral (
  select json_build_object(
    'total', count(*),
    'waiting', count(*) filter (where s.decision = 'run' and s.run_id is null),
    'queued', count(*) filter (where s.decision = 'run' and r.state = 'queued'),
    'running', count(*) filter (where s.decision = 'run' and r.state = 'running'),
    'success', count(*) filter (where s.decision = 'run' and r.state = 'success'),
    'failed', count(*) filter (where s.decision = 'run' and r.state = 'failed'),
    'skipped', count(*) filter (where s.decision = 'skip')) as progress
  from dagsmith.backfill_run s left join dagsmith.dag_run r on r.id = s.run_id
  where s.backfill_id = b.id
) p`;

const LIST: Statement = { name: "backfill_list", text: `${SUMMARY} order by b.id desc limit $1` };
const LIST_OF: Statement = {
  name: "backfill_list_of",
  text: `${SUMMARY} where b.dag_id = $2 order by b.id desc limit $1`,
};
const ONE: Statement = { name: "backfill_one", text: `${SUMMARY} where b.id = $1` };

/** An interval and its decision. */
export interface BackfillRunSummary {
  readonly ordinal: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly decision: "run" | "skip";
  readonly reason: string | null;
  /** The run that was created or cleared for it, or that prevented it. */
  readonly run: number | null;
  readonly runId: string | null;
  readonly runState: RunState | null;
}

const RUNS: Statement = {
  name: "backfill_run_list",
  text: `
select s.ordinal, s.logical_date as "logicalDate", s.data_interval_start as "dataIntervalStart", s.data_interval_end as "dataIntervalEnd",
  s.decision, s.reason, s.run_id as run, r.run_id as "runId", r.state as "runState"
from dagsmith.backfill_run s left join dagsmith.dag_run r on r.id = s.run_id
where s.backfill_id = $1 and s.ordinal > $2 order by s.ordinal limit $3`,
};

/** Newest first, of one DAG or of all. */
export function listBackfills(
  db: Queryable,
  dagId: string | undefined,
  limit: number,
): Promise<readonly BackfillSummary[]> {
  return dagId === undefined
    ? db.query<BackfillSummary & Record<string, unknown>>(LIST, [limit])
    : db.query<BackfillSummary & Record<string, unknown>>(LIST_OF, [limit, dagId]);
}

export async function findBackfill(
  db: Queryable,
  id: number,
): Promise<BackfillSummary | undefined> {
  return (await db.query<BackfillSummary & Record<string, unknown>>(ONE, [id]))[0];
}

/** In order, after an ordinal. */
export function listBackfillRuns(
  db: Queryable,
  backfillId: number,
  after: number,
  limit: number,
): Promise<readonly BackfillRunSummary[]> {
  return db.query<BackfillRunSummary & Record<string, unknown>>(RUNS, [backfillId, after, limit]);
}

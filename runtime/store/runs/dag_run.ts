/** Runs: created once for each interval, started as slots allow, and their progress. */
import type { Json } from "../../../sdk/json.ts";
import type { Decisions, RunDates } from "../../engine/store.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { createDeadlines } from "../waits/deadline.ts";
import { createRun, moveRuns } from "./run_transition.ts";

/** What creates runs. Airflow's names, and two of ours: `event_triggered`, `called`. */
export const RUN_TYPES = [
  "scheduled",
  "manual",
  "backfill",
  "asset_triggered",
  "event_triggered",
  "called",
] as const;
export type RunType = (typeof RUN_TYPES)[number];

/**
 * A run to be created. Its run id is derived from its interval: created twice, it exists
 * once.
 */
export interface NewRun {
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly versionId: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly runAfter: Date;
  readonly params: Json;
  /** The name of the schedule that creates it; null: none does. */
  readonly schedule: string | null;
  /** The event or the assets that create it, for its tasks to read; null: none do. */
  readonly trigger: Json;
  /** The partition it works on. Absent: none. */
  readonly partitionKey?: string | null;
  /** The backfill that creates it, and its position there. */
  readonly backfill?: { readonly id: number; readonly ordinal: number };
}

// Read with the runs: a task without limits then costs no further statement.
const IS_GLOBALLY_LIMITED =
  "exists (select from dagsmith.pool where name = 'all') as is_globally_limited";

// A run conflicts with a run of its id, and with a run of its interval: a backfill and
// the scheduler would name that one differently.
const NEW_RUNS = rowsOf<NewRun>({
  dag_id: ["text", (run) => run.dagId],
  run_id: ["text", (run) => run.runId],
  run_type: ["text", (run) => run.runType],
  version_id: ["bigint", (run) => run.versionId],
  logical_date: ["timestamptz", (run) => run.logicalDate],
  data_interval_start: ["timestamptz", (run) => run.dataIntervalStart],
  data_interval_end: ["timestamptz", (run) => run.dataIntervalEnd],
  run_after: ["timestamptz", (run) => run.runAfter],
  params: ["json", (run) => JSON.stringify(run.params)],
  schedule: ["text", (run) => run.schedule],
  trigger: ["json", (run) => (run.trigger === null ? null : JSON.stringify(run.trigger))],
  backfill_id: ["bigint", (run) => run.backfill?.id ?? null],
  backfill_ordinal: ["int", (run) => run.backfill?.ordinal ?? null],
  partition_key: ["text", (run) => run.partitionKey ?? null],
});

const CREATE: Statement = {
  name: "dag_run_create",
  text: `
${createRun(NEW_RUNS.names, NEW_RUNS.unnest)}
on conflict do nothing
returning id, dag_id, run_id`,
};

/**
 * An update that starts queued runs with all their tasks open.
 * @param queued a table that names their ids
 */
export function startRuns(queued: string): string {
  const start = moveRuns(["start"], {
    timeoutAt: "now() + (v.spec ->> 'dagRunTimeoutMs')::float8 * interval '1 millisecond'",
    more: { open_tasks: "json_array_length(v.spec -> 'tasks')" },
    rows: `from dagsmith.dag_version v, ${queued}\nwhere r.id = next.id and v.id = r.version_id`,
  });
  return `${start}
returning r.id, r.version_id, r.open_tasks, r.failed_leaves, r.warnings, r.state, r.generation,
  r.backfill_id, r.run_type, ${IS_GLOBALLY_LIMITED}`;
}

/** How many runs of a DAG may start. */
interface Capacity {
  readonly dagId: string;
  readonly runs: number;
}

const CAPACITIES = rowsOf<Capacity>({
  dag_id: ["text", ({ dagId }) => dagId],
  runs: ["int", ({ runs }) => runs],
});

// The oldest queued runs of each DAG. The caller has locked the rows of the DAGs.
const START_QUEUED: Statement = {
  name: "dag_run_start_queued",
  text: startRuns(`${CAPACITIES.as("capacity")},
  lateral (
    select id from dagsmith.dag_run q
    where q.dag_id = capacity.dag_id and q.state = 'queued' and q.backfill_id is null
    order by q.id limit capacity.runs
    for no key update skip locked
  ) next`),
};

// The runs of a backfill count under its own limit.
const ACTIVE: Statement = {
  name: "dag_run_active",
  text: `
select dag_id, count(*) filter (where state = 'running')::int as running, count(*)::int as active
from dagsmith.dag_run
where dag_id = any($1) and state in ('queued', 'running') and backfill_id is null
group by dag_id`,
};

// "no key update": inserting an instance, which refers to its run, must not wait for this
// lock.
const LOCK: Statement = {
  name: "dag_run_lock",
  text: `
select id, version_id, state, open_tasks, failed_leaves, warnings, generation, backfill_id, run_type,
  ${IS_GLOBALLY_LIMITED}
from dagsmith.dag_run where id = any($1) order by id for no key update`,
};

const LOCK_FREE: Statement = {
  name: "dag_run_lock_free",
  text: "select id from dagsmith.dag_run where id = any($1) order by id for no key update skip locked",
};

const PROGRESS = rowsOf<Decisions["runs"][number]>({
  id: ["bigint", (run) => run.id],
  open_tasks: ["int", (run) => run.openTasks],
  failed_leaves: ["int", (run) => run.failedLeaves],
  warnings: ["int", (run) => run.warnings],
  state: ["text", (run) => run.state],
});

const UPDATE: Statement = {
  name: "dag_run_update",
  text: moveRuns(["advance", "finish"], {
    to: "v.state",
    more: {
      open_tasks: "v.open_tasks",
      failed_leaves: "v.failed_leaves",
      warnings: "v.warnings",
    },
    rows: `from ${PROGRESS.as("v")} where r.id = v.id`,
  }),
};

export interface RunRow {
  readonly id: number;
  readonly version_id: number;
  readonly state: RunState;
  readonly open_tasks: number;
  readonly failed_leaves: number;
  readonly warnings: number;
  /** How often it was cleared: above 0 it may have cleared instances. */
  readonly generation: number;
  readonly backfill_id: number | null;
  readonly run_type: RunType;
  readonly is_globally_limited: boolean;
}

/** Creates the runs that do not exist yet. @returns those that were created */
export async function createRuns(
  db: Queryable,
  runs: readonly NewRun[],
): Promise<readonly { readonly id: number; readonly dagId: string; readonly runId: string }[]> {
  if (runs.length === 0) return [];
  const rows = await db.query<{ id: number; dag_id: string; run_id: string }>(
    CREATE,
    NEW_RUNS.values(runs),
  );
  await createDeadlines(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ id: row.id, dagId: row.dag_id, runId: row.run_id }));
}

/** Starts up to `runs` queued runs of each DAG, oldest first. */
export async function startQueued(
  db: Queryable,
  capacities: readonly Capacity[],
): Promise<readonly RunRow[]> {
  if (capacities.length === 0) return [];
  return db.query<RunRow & Record<string, unknown>>(START_QUEUED, CAPACITIES.values(capacities));
}

/**
 * How many runs of each DAG are running, and how many are running or queued, without
 * those of backfills. DAGs without any are missing.
 */
export async function activeRuns(
  db: Queryable,
  dagIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly running: number; readonly active: number }>> {
  const rows = await db.query<{ dag_id: string; running: number; active: number }>(ACTIVE, [
    dagIds,
  ]);
  return new Map(rows.map((row) => [row.dag_id, row]));
}

export function lockRuns(db: Queryable, ids: readonly number[]): Promise<readonly RunRow[]> {
  return db.query<RunRow & Record<string, unknown>>(LOCK, [ids]);
}

/** Locks those of the runs that no other transaction holds. @returns their ids */
export async function lockFreeRuns(
  tx: Queryable,
  ids: readonly number[],
): Promise<ReadonlySet<number>> {
  return new Set((await tx.query<{ id: number }>(LOCK_FREE, [ids])).map(({ id }) => id));
}

export async function updateRuns(db: Queryable, runs: Decisions["runs"]): Promise<void> {
  if (runs.length > 0) await db.query(UPDATE, PROGRESS.values(runs));
}

const BY_ID: Statement = {
  name: "dag_run_by_id",
  text: "select dag_id, run_id, state from dagsmith.dag_run where id = $1 and deleting_since is null",
};

/** A run's names and state. */
export async function runById(
  db: Queryable,
  id: number,
): Promise<
  { readonly dagId: string; readonly runId: string; readonly state: RunState } | undefined
> {
  const [row] = await db.query<{ dag_id: string; run_id: string; state: RunState }>(BY_ID, [id]);
  return row && { dagId: row.dag_id, runId: row.run_id, state: row.state };
}

const DATES: Statement = {
  name: "dag_run_dates",
  text: `
select now(), run_type, schedule, logical_date, data_interval_start, data_interval_end
from dagsmith.dag_run where id = $1`,
};

/** The dates of a run, and what created it. */
export async function runDates(db: Queryable, id: number): Promise<RunDates> {
  type Row = {
    now: Date;
    run_type: string;
    schedule: string | null;
    logical_date: Date;
    data_interval_start: Date;
    data_interval_end: Date;
  };
  const [row] = await db.query<Row>(DATES, [id]);
  if (!row) throw new Error(`run ${id} does not exist`);
  const {
    now,
    run_type: runType,
    schedule,
    logical_date: logicalDate,
    data_interval_start: start,
    data_interval_end: end,
  } = row;
  return { now, runType, schedule, logicalDate, dataInterval: { start, end } };
}

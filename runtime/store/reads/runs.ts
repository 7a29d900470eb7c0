/**
 * Runs as people see them: the newest of one DAG or of all, and one run by any of its
 * names.
 */
import type { Json } from "../../../sdk/json.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { RunType } from "../runs/dag_run.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

export interface RunDetail {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly state: RunState;
  readonly versionId: number;
  /** The number of the DAG's version that the run is pinned to. */
  readonly version: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly partitionKey: string | null;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly reason: string | null;
  /** How many tasks failed and were allowed to. */
  readonly warnings: number;
  readonly params: Json;
  readonly note: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The last backfill that ran it; null when none did. */
  readonly backfill: number | null;
}

/** SQL: the columns of a run, and where they come from. */
export const RUN = `
select r.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType", r.state,
  r.version_id as "versionId", v.number as version, r.logical_date as "logicalDate",
  r.data_interval_start as "dataIntervalStart", r.data_interval_end as "dataIntervalEnd",
  r.partition_key as "partitionKey", r.queued_at as "queuedAt", r.started_at as "startedAt",
  r.finished_at as "finishedAt", r.reason, r.warnings, r.params, r.note,
  (select coalesce(json_object_agg(l.key, l.value), '{}')
   from dagsmith.dag_run_label l where l.run_id = r.id) as labels,
  (select max(s.backfill_id) from dagsmith.backfill_run s
   where s.run_id = r.id and s.decision = 'run') as backfill
from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id`;

const BY_ID: Statement = { name: "run_by_id", text: `${RUN} where r.id = $1` };
const BY_NAME: Statement = {
  name: "run_by_name",
  text: `${RUN} where r.dag_id = $1 and r.run_id = $2`,
};
const SEEN: Statement = {
  name: "run_visible",
  text: `select id from dagsmith.dag_run where id = any($1::bigint[]) and ${isVisible("dag_id", "$2")}`,
};
// A run id is unique only within a DAG, and the unique index begins with the DAG. So the
// statement looks the run id up for one DAG after the other.
const BY_RUN_ID: Statement = {
  name: "run_by_run_id",
  text: `${RUN}
where (r.dag_id, r.run_id) in (select dag_id, $1::text from dagsmith.dag)
order by r.id desc limit 20`,
};

// Not in RUN: it may be large, and lists of runs do not show it.
const TRIGGER: Statement = {
  name: "run_trigger",
  text: "select trigger from dagsmith.dag_run where id = $1",
};

const SPEC: Statement = {
  name: "run_spec",
  text: `
select v.spec from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id
where r.id = $1`,
};

/** One run by its number. */
export async function getRun(db: Queryable, id: number): Promise<RunDetail | undefined> {
  return (await runs(db, BY_ID, [id]))[0];
}

/**
 * The runs that `name` may mean: one by its number or as `dag/run_id`; by a run id alone
 * up to 20, because several DAGs may share it.
 */
export async function findRuns(db: Queryable, name: string): Promise<readonly RunDetail[]> {
  // Longer numbers are out of the column's range.
  if (/^\d{1,15}$/.test(name)) return runs(db, BY_ID, [Number(name)]);
  const slash = name.indexOf("/");
  return slash > 0
    ? runs(db, BY_NAME, [name.slice(0, slash), name.slice(slash + 1)])
    : runs(db, BY_RUN_ID, [name]);
}

/** Those of the runs that a caller may see. */
export async function visibleRuns<Run extends Pick<RunDetail, "id">>(
  db: Queryable,
  found: readonly Run[],
  visible: VisibleTags,
): Promise<readonly Run[]> {
  if (visible === null) return found;
  const rows = await db.query<{ id: number }>(SEEN, [found.map(({ id }) => id), visible]);
  const seen = new Set(rows.map(({ id }) => id));
  return found.filter(({ id }) => seen.has(id));
}

/** Runs by a statement that begins with {@link RUN}. */
export function runs(
  db: Queryable,
  statement: Statement,
  values: readonly unknown[],
): Promise<readonly RunDetail[]> {
  return db.query<RunDetail & Record<string, unknown>>(statement, values);
}

/** What created a run; null for a scheduled or manual run. */
export async function getRunTrigger(db: Queryable, id: number): Promise<RunTrigger | null> {
  return (await db.query<{ trigger: RunTrigger | null }>(TRIGGER, [id]))[0]?.trigger ?? null;
}

/** The spec of the version that the run is pinned to. */
export async function findRunSpec(db: Queryable, id: number): Promise<DagSpec | undefined> {
  const [row] = await db.query<{ spec: DagSpec }>(SPEC, [id]);
  return row?.spec;
}

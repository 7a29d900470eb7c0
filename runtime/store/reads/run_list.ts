/** Runs as people ask for them: the newest, or one by any of its names. */

import type { Json } from "../../../sdk/json.ts";
import { completeSpec, type StoredSpec } from "../../../sdk/spec/complete_spec.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { RunType } from "../runs/dag_run.ts";

export interface RunSummary {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly state: RunState;
  readonly version: number;
  readonly logicalDate: Date;
  readonly params: Json;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly reason: string | null;
  /** Tasks that failed and were allowed to. */
  readonly warnings: number;
  readonly note: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The backfill that ran it last; null when none did. */
  readonly backfill: number | null;
}

const COLUMNS = `
select r.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType", r.state, v.number as version,
  r.logical_date as "logicalDate", r.params, r.queued_at as "queuedAt", r.started_at as "startedAt", r.finished_at as "finishedAt", r.reason, r.warnings, r.note,
  (select coalesce(json_object_agg(l.key, l.value), '{}') from dagsmith.dag_run_label l where l.run_id = r.id) as labels,
  (select max(s.backfill_id) from dagsmith.backfill_run s where s.run_id = r.id and s.decision = 'run') as backfill
from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id`;

// Two statements, so that each has the plan of its index: one over the table's key, one over (dag_id, id).
const NEWEST: Statement = {
  name: "run_list",
  text: `${COLUMNS} where ($2::text is null or r.state = $2) order by r.id desc limit $1`,
};
const NEWEST_OF: Statement = {
  name: "run_list_of",
  text: `${COLUMNS} where r.dag_id = $3 and ($2::text is null or r.state = $2) order by r.id desc limit $1`,
};
const BY_ID: Statement = { name: "run_by_id", text: `${COLUMNS} where r.id = $1` };
const BY_NAME: Statement = {
  name: "run_by_name",
  text: `${COLUMNS} where r.dag_id = $1 and r.run_id = $2`,
};
// run_id alone is unique only within a DAG; the unique index cannot serve it, so a DAG at a time is looked up.
const BY_RUN_ID: Statement = {
  name: "run_by_run_id",
  text: `${COLUMNS} where (r.dag_id, r.run_id) in (select dag_id, $1::text from dagsmith.dag) order by r.id desc limit 20`,
};

// By the index over labels, the newest runs first.
const LABELLED: Statement = {
  name: "run_list_labelled",
  text: `${COLUMNS} join dagsmith.dag_run_label wanted on wanted.run_id = r.id and wanted.key = $4 and wanted.value = $5
where ($3::text is null or r.dag_id = $3) and ($2::text is null or r.state = $2) order by wanted.run_id desc limit $1`,
};

export interface RunFilter {
  readonly dagId?: string | undefined;
  readonly state?: RunState | undefined;
  readonly limit: number;
  /** One label that they have. */
  readonly label?: { readonly key: string; readonly value: string } | undefined;
}

/** Newest first. */
export function listRuns(
  db: Queryable,
  { dagId, state, limit, label }: RunFilter,
): Promise<readonly RunSummary[]> {
  if (label)
    return db.query<RunSummary>(LABELLED, [
      limit,
      state ?? null,
      dagId ?? null,
      label.key,
      label.value,
    ]);
  return dagId === undefined
    ? db.query<RunSummary>(NEWEST, [limit, state ?? null])
    : db.query<RunSummary>(NEWEST_OF, [limit, state ?? null, dagId]);
}

/** The run that `name` may mean: its number, `dag/run_id`, or a run id alone, which several DAGs may share. */
export async function findRuns(db: Queryable, name: string): Promise<readonly RunSummary[]> {
  // Longer numbers are out of the column's range.
  if (/^\d{1,15}$/.test(name)) return db.query<RunSummary>(BY_ID, [Number(name)]);
  const slash = name.indexOf("/");
  if (slash > 0)
    return db.query<RunSummary>(BY_NAME, [name.slice(0, slash), name.slice(slash + 1)]);
  return db.query<RunSummary>(BY_RUN_ID, [name]);
}

const SPEC: Statement = {
  name: "run_spec",
  text: "select v.spec from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id where r.id = $1",
};

/** The DAG as it was in the version that the run is pinned to. */
export async function findRunSpec(db: Queryable, runId: number): Promise<DagSpec | undefined> {
  const [row] = await db.query<{ spec: StoredSpec }>(SPEC, [runId]);
  return row && completeSpec(row.spec);
}

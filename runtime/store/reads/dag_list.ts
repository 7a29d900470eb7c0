/** DAGs as lists of people's questions show them: what is deployed, its schedule, how its last run ended. */
import { completeSpec, type StoredSpec } from "../../../sdk/spec/complete_spec.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface DagSummary {
  readonly dagId: string;
  readonly version: number;
  readonly file: string;
  readonly spec: DagSpec;
  readonly isPaused: boolean;
  /** Why dagsmith itself paused it; null when a person did. */
  readonly pauseReason: string | null;
  /** When the next scheduled run is due; null: never, or paused. */
  readonly nextRunAfter: Date | null;
  readonly scheduleError: string | null;
  /** Whether its schedules wait because it has as many runs as it may. */
  readonly atCapacity: boolean;
  readonly lastRunState: RunState | null;
  readonly lastRunAt: Date | null;
}

type StoredSummary = Omit<DagSummary, "spec"> & { readonly spec: StoredSpec };

const complete = (row: StoredSummary): DagSummary => ({ ...row, spec: completeSpec(row.spec) });

const SUMMARY = `
select d.dag_id as "dagId", v.number as version, v.file, v.spec, d.is_paused as "isPaused", d.pause_reason as "pauseReason",
  case when not d.is_paused then d.next_run_after end as "nextRunAfter", d.schedule_error as "scheduleError", d.at_capacity as "atCapacity",
  last.state as "lastRunState", coalesce(last.started_at, last.queued_at) as "lastRunAt"
from dagsmith.dag d
join dagsmith.dag_version v on v.id = d.version_id
left join lateral (
  select state, started_at, queued_at from dagsmith.dag_run r where r.dag_id = d.dag_id order by r.id desc limit 1
) last on true`;

const LIST: Statement = {
  name: "dag_list",
  text: `${SUMMARY} where d.removed_at is null order by d.dag_id`,
};
// A removed DAG can still be asked for by its name: its runs stay.
const FIND: Statement = { name: "dag_find", text: `${SUMMARY} where d.dag_id = $1` };

export interface VersionSummary {
  readonly id: number;
  readonly number: number;
  readonly hash: string;
  readonly file: string;
  readonly createdAt: Date;
  /** Whether new runs get it. */
  readonly isCurrent: boolean;
}

const VERSIONS: Statement = {
  name: "dag_versions",
  text: `
select v.id, v.number, v.hash, v.file, v.created_at as "createdAt", coalesce(v.id = d.version_id, false) as "isCurrent"
from dagsmith.dag_version v join dagsmith.dag d using (dag_id)
where dag_id = $1 order by v.number desc`,
};

export interface StoredImportError {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
}

const IMPORT_ERRORS: Statement = {
  name: "import_errors",
  text: "select file, line, code, message from dagsmith.import_error order by file",
};

/** Deployed DAGs by id; removed ones are left out. */
export async function listDags(db: Queryable): Promise<readonly DagSummary[]> {
  return (await db.query<StoredSummary>(LIST)).map(complete);
}

export async function findDag(db: Queryable, dagId: string): Promise<DagSummary | undefined> {
  return (await db.query<StoredSummary>(FIND, [dagId])).map(complete)[0];
}

/** Newest first. */
export function listVersions(db: Queryable, dagId: string): Promise<readonly VersionSummary[]> {
  return db.query<VersionSummary>(VERSIONS, [dagId]);
}

/** Files that do not import as they are now, by name. */
export function listImportErrors(db: Queryable): Promise<readonly StoredImportError[]> {
  return db.query<StoredImportError>(IMPORT_ERRORS);
}

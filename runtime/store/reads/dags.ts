/** DAGs as the page and the API list them: each with its schedule and its last runs, any number of them in one statement. */

import { completeSpec, type StoredSpec } from "../../../sdk/spec/complete_spec.ts";
import type {
  AssetCondition,
  DagSpec,
  EventSpec,
  NamedSchedule,
  Position,
} from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** How many runs a DAG's bars show. */
export const RECENT_RUNS = 14;

export const DAG_FILTERS = ["all", "active", "paused", "running", "failed"] as const;
/** `active`: not paused; `running`: has a run that is queued or running; `failed`: its newest run failed. */
export type DagFilter = (typeof DAG_FILTERS)[number];

export interface RecentRun {
  readonly id: number;
  readonly runId: string;
  readonly state: RunState;
  readonly logicalDate: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface DagOverview {
  readonly dagId: string;
  readonly isPaused: boolean;
  /** Why dagsmith itself paused it; null when a person did. */
  readonly pauseReason: string | null;
  readonly nextRunAfter: Date | null;
  readonly scheduleError: string | null;
  readonly version: number | null;
  readonly file: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly schedules: readonly NamedSchedule[];
  /** The assets it waits for. */
  readonly assets: AssetCondition | null;
  /** The events that start it. */
  readonly on: readonly EventSpec[];
  readonly timezone: string;
  /** Oldest first, at most {@link RECENT_RUNS}. */
  readonly runs: readonly RecentRun[];
}

/** One page of the list: after a DAG id, in the order of the ids. */
export interface DagQuery {
  readonly after: string;
  readonly limit: number;
  readonly filter: DagFilter;
  readonly tag: string | null;
  /** Part of the id, in any case. */
  readonly search: string | null;
}

const FILTERS = `
  case $3
    when 'active' then not d.is_paused
    when 'paused' then d.is_paused
    when 'running' then exists (select from dagsmith.dag_run r where r.dag_id = d.dag_id and r.state in ('queued', 'running'))
    when 'failed' then (select r.state from dagsmith.dag_run r where r.dag_id = d.dag_id order by r.id desc limit 1) = 'failed'
    else true
  end
  and ($4::text is null or strpos(lower(d.dag_id), lower($4)) > 0)`;

// json_to_record reads a spec once; four "->" would parse it four times. The last runs come by the index on (dag_id, id desc).
const LIST: Statement = {
  name: "page_dags_list",
  text: `
select d.dag_id as "dagId", d.is_paused as "isPaused", d.pause_reason as "pauseReason", d.next_run_after as "nextRunAfter", d.schedule_error as "scheduleError",
  v.number as version, v.file, s.description, coalesce(s.tags, '[]') as tags, coalesce(s.schedules, '[]') as schedules, s.assets, coalesce(s."on", '[]') as "on",
  coalesce(s.timezone, 'UTC') as timezone, coalesce(recent.runs, '[]') as runs
from dagsmith.dag d
left join dagsmith.dag_version v on v.id = d.version_id
left join lateral json_to_record(v.spec) as s (description text, tags json, schedules json, assets json, "on" json, timezone text) on true
left join lateral (
  select json_agg(json_build_object('id', r.id, 'runId', r.run_id, 'state', r.state, 'logicalDate', r.logical_date,
    'startedAt', r.started_at, 'finishedAt', r.finished_at) order by r.id) as runs
  from (select * from dagsmith.dag_run where dag_id = d.dag_id order by id desc limit ${RECENT_RUNS}) r
) recent on true
where d.removed_at is null and d.dag_id > $1 and ${FILTERS} and ($5::text is null or s.tags::jsonb ? $5)
order by d.dag_id limit $2`,
};

const COUNTS: Statement = {
  name: "page_dags_counts",
  text: `
select count(*)::int as all, count(*) filter (where not is_paused)::int as active, count(*) filter (where is_paused)::int as paused,
  count(*) filter (where running)::int as running, count(*) filter (where last = 'failed')::int as failed
from (
  select d.is_paused,
    exists (select from dagsmith.dag_run r where r.dag_id = d.dag_id and r.state in ('queued', 'running')) as running,
    (select r.state from dagsmith.dag_run r where r.dag_id = d.dag_id order by r.id desc limit 1) as last
  from dagsmith.dag d where d.removed_at is null
) dags`,
};

const GET: Statement = {
  name: "page_dags_get",
  text: `
select d.dag_id as "dagId", d.is_paused as "isPaused", d.pause_reason as "pauseReason", d.removed_at as "removedAt", d.next_run_after as "nextRunAfter",
  d.schedule_error as "scheduleError", d.at_capacity as "atCapacity", coalesce(s.next_runs, '[]') as "nextRuns", v.id as "versionId", v.number as version, v.file, v.spec, v.positions, v.created_at as "deployedAt",
  (select coalesce(json_agg(json_build_object('name', w.name, 'installedAt', w.installed_at, 'error', w.error) order by w.name), '[]')
   from dagsmith.change_subscription w where w.dag_id = d.dag_id) as subscriptions
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
left join lateral (
  select json_agg(json_build_object('schedule', m.name, 'runAfter', to_char(m.next_run_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by m.name) as next_runs
  from dagsmith.dag_schedule m
  where m.dag_id = d.dag_id and m.name in (select schedule ->> 'name' from json_array_elements(v.spec -> 'schedules') schedule)
) s on true
where d.dag_id = $1`,
};

const IMPORT_ERRORS: Statement = {
  name: "page_import_errors",
  text: `select file, line, code, message, stack, happened_at as "happenedAt" from dagsmith.import_error order by happened_at desc, file limit 100`,
};

/** DAGs that are deployed, with their last runs. */
export function listDags(db: Queryable, query: DagQuery): Promise<readonly DagOverview[]> {
  return db.query<DagOverview & Record<string, unknown>>(LIST, [
    query.after,
    query.limit,
    query.filter,
    query.search,
    query.tag,
  ]);
}

/** How many DAGs each filter shows. Counts DAGs, never runs. */
export async function countDags(db: Queryable): Promise<Readonly<Record<DagFilter, number>>> {
  const [counts] = await db.query<Record<DagFilter, number>>(COUNTS);
  return counts ?? { all: 0, active: 0, paused: 0, running: 0, failed: 0 };
}

export interface DagDetail {
  readonly dagId: string;
  readonly isPaused: boolean;
  /** Why dagsmith itself paused it; null when a person did. */
  readonly pauseReason: string | null;
  readonly removedAt: Date | null;
  readonly nextRunAfter: Date | null;
  readonly scheduleError: string | null;
  /** Whether its schedules wait because it has as many runs as it may. */
  readonly atCapacity: boolean;
  /** When each of its schedules is due; those that were never looked at are missing, and null is never again. ISO 8601. */
  readonly nextRuns: readonly { readonly schedule: string; readonly runAfter: string | null }[];
  readonly versionId: number;
  readonly version: number;
  readonly file: string;
  readonly spec: DagSpec;
  readonly positions: Readonly<Record<string, Position>>;
  readonly deployedAt: Date;
  /** The sources of row changes that were installed for it, and what is wrong with them. */
  readonly subscriptions: readonly {
    readonly name: string;
    readonly installedAt: string | null;
    readonly error: string | null;
  }[];
}

/** A DAG with its newest version; removed ones too, because their runs stay. */
export async function getDag(db: Queryable, dagId: string): Promise<DagDetail | undefined> {
  const [dag] = await db.query<Omit<DagDetail, "spec"> & { readonly spec: StoredSpec }>(GET, [
    dagId,
  ]);
  return dag && { ...dag, spec: completeSpec(dag.spec) };
}

export interface ImportErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly code: string;
  readonly message: string;
  readonly stack: string;
  readonly happenedAt: Date;
}

/** Files that could not be imported, newest first, at most 100. */
export function listImportErrors(db: Queryable): Promise<readonly ImportErrorRow[]> {
  return db.query<ImportErrorRow & Record<string, unknown>>(IMPORT_ERRORS);
}

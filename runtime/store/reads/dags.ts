/**
 * DAGs as people see them: a list with the last runs, one DAG with its spec, the specs of
 * all.
 */
import type {
  AssetCondition,
  DagSpec,
  EventSpec,
  NamedSchedule,
  Position,
} from "../../../sdk/spec/index.ts";
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { VisibleTags } from "./dag_tags.ts";

/** How many runs a DAG's bars show. */
export const RECENT_RUNS = 14;

export const DAG_FILTERS = ["all", "active", "paused", "running", "failed"] as const;
/**
 * `active`: not paused; `running`: has a run that is queued or running; `failed`: its
 * newest run failed.
 */
export type DagFilter = (typeof DAG_FILTERS)[number];

/** The values that every view of a DAG has. */
interface DagStanding {
  readonly dagId: string;
  readonly isPaused: boolean;
  /** Why dagsmith itself paused the DAG; null when a person did. */
  readonly pauseReason: string | null;
  /**
   * When the next scheduled run is due. Null: never. A paused DAG keeps its last value.
   */
  readonly nextRunAfter: Date | null;
  readonly scheduleError: string | null;
  /**
   * Whether its schedules wait because the DAG has as many active runs as maxActiveRuns
   * allows.
   */
  readonly atCapacity: boolean;
}

const DAG = `d.dag_id as "dagId", d.is_paused as "isPaused", d.pause_reason as "pauseReason",
  d.next_run_after as "nextRunAfter", d.schedule_error as "scheduleError",
  d.at_capacity as "atCapacity", v.number as version, v.file`;

export interface RecentRun {
  readonly id: number;
  readonly runId: string;
  readonly state: RunState;
  readonly logicalDate: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** A DAG in the list of the page and the API. */
export interface DagOverview extends DagStanding {
  readonly version: number | null;
  readonly file: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly schedules: readonly NamedSchedule[];
  /** The assets that the DAG waits for. */
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
  /**
   * DAGs with one of these tags only, which are all that the caller may see. Null: all.
   */
  readonly visible: VisibleTags;
}

const FILTERS = `
  case $3
    when 'active' then not d.is_paused
    when 'paused' then d.is_paused
    when 'running' then exists (
      select from dagsmith.dag_run r
      where r.dag_id = d.dag_id and r.state in ('queued', 'running'))
    when 'failed' then (
      select r.state from dagsmith.dag_run r
      where r.dag_id = d.dag_id order by r.id desc limit 1) = 'failed'
    else true
  end
  and ($4::text is null or strpos(lower(d.dag_id), lower($4)) > 0)`;

// json_to_record reads a spec once; four "->" would parse it four times. The last runs
// come from the index on (dag_id, id desc).
const LIST: Statement = {
  name: "dag_list",
  text: `
select ${DAG}, s.description, coalesce(s.tags, '[]') as tags,
  coalesce(s.schedules, '[]') as schedules, s.assets, coalesce(s."on", '[]') as "on",
  coalesce(s.timezone, 'UTC') as timezone, coalesce(recent.runs, '[]') as runs
from dagsmith.dag d
left join dagsmith.dag_version v on v.id = d.version_id
left join lateral json_to_record(v.spec) as s
  (description text, tags json, schedules json, assets json, "on" json, timezone text) on true
left join lateral (
  select json_agg(json_build_object('id', r.id, 'runId', r.run_id, 'state', r.state,
    'logicalDate', r.logical_date, 'startedAt', r.started_at, 'finishedAt', r.finished_at)
    order by r.id) as runs
  from (
    select * from dagsmith.dag_run where dag_id = d.dag_id order by id desc limit ${RECENT_RUNS}
  ) r
) recent on true
where d.removed_at is null and d.dag_id > $1 and ${FILTERS}
  and ($5::text is null or s.tags::jsonb ? $5)
  and ($6::text[] is null or s.tags::jsonb ?| $6)
order by d.dag_id limit $2`,
};

const COUNTS: Statement = {
  name: "dag_counts",
  text: `
select count(*)::int as all, count(*) filter (where not is_paused)::int as active,
  count(*) filter (where is_paused)::int as paused, count(*) filter (where running)::int as running,
  count(*) filter (where last = 'failed')::int as failed
from (
  select d.is_paused,
    exists (select from dagsmith.dag_run r
      where r.dag_id = d.dag_id and r.state in ('queued', 'running')) as running,
    (select r.state from dagsmith.dag_run r
      where r.dag_id = d.dag_id order by r.id desc limit 1) as last
  from dagsmith.dag d
  where d.removed_at is null and ($1::text[] is null or (
    select v.spec -> 'tags' from dagsmith.dag_version v where v.id = d.version_id)::jsonb ?| $1)
) dags`,
};

const GET: Statement = {
  name: "dag_detail",
  text: `
select ${DAG}, d.removed_at as "removedAt", coalesce(s.next_runs, '[]') as "nextRuns",
  v.id as "versionId", v.spec, v.positions, v.created_at as "deployedAt",
  (select coalesce(json_agg(json_build_object('name', w.name, 'installedAt', w.installed_at,
      'error', w.error) order by w.name), '[]')
   from dagsmith.change_subscription w where w.dag_id = d.dag_id) as subscriptions,
  (select coalesce(json_agg(json_build_object('name', m.name, 'error', m.error,
      'receivedAt', m.received_at, 'unreadable', m.unreadable,
      'lastUnreadable', m.last_unreadable) order by m.name), '[]')
   from dagsmith.message_source m where m.dag_id = d.dag_id) as "messageSources"
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
left join lateral (
  select json_agg(json_build_object('schedule', m.name, 'runAfter',
    to_char(m.next_run_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    order by m.name) as next_runs
  from dagsmith.dag_schedule m
  where m.dag_id = d.dag_id
    and m.name in (select schedule ->> 'name' from json_array_elements(v.spec -> 'schedules') schedule)
) s on true
where d.dag_id = $1`,
};

const DEPLOYED: Statement = {
  name: "dag_deployed",
  text: `
select ${DAG}, v.spec, last.state as "lastRunState",
  coalesce(last.started_at, last.queued_at) as "lastRunAt"
from dagsmith.dag d
join dagsmith.dag_version v on v.id = d.version_id
left join lateral (
  select state, started_at, queued_at from dagsmith.dag_run r
  where r.dag_id = d.dag_id order by r.id desc limit 1
) last on true
where d.removed_at is null order by d.dag_id`,
};

const VERSIONS: Statement = {
  name: "dag_versions",
  text: `
select v.id, v.number, v.hash, v.file, v.external_id as "externalId",
  v.created_at as "createdAt",
  coalesce(v.id = d.version_id, false) as "isCurrent"
from dagsmith.dag_version v join dagsmith.dag d using (dag_id)
where dag_id = $1 order by v.number desc`,
};

/** Deployed DAGs with their last runs, a page at a time. */
export function listDags(db: Queryable, query: DagQuery): Promise<readonly DagOverview[]> {
  const { after, limit, filter, search, tag, visible } = query;
  return db.query<DagOverview & Record<string, unknown>>(LIST, [
    ...[after, limit, filter, search, tag, visible],
  ]);
}

/**
 * How many DAGs each filter shows. The statement counts DAGs, never runs.
 * @param visible as in {@link DagQuery}
 */
export async function countDags(
  db: Queryable,
  visible: VisibleTags,
): Promise<Readonly<Record<DagFilter, number>>> {
  const [counts] = await db.query<Record<DagFilter, number>>(COUNTS, [visible]);
  return counts ?? { all: 0, active: 0, paused: 0, running: 0, failed: 0 };
}

/** A DAG with its newest version. */
export interface DagDetail extends DagStanding {
  readonly removedAt: Date | null;
  /**
   * When each of its schedules is due, in ISO 8601; null: never again. A schedule that
   * the scheduler has not decided yet is missing.
   */
  readonly nextRuns: readonly { readonly schedule: string; readonly runAfter: string | null }[];
  readonly versionId: number;
  readonly version: number;
  readonly file: string;
  readonly spec: DagSpec;
  /** Task id to where the task is declared. */
  readonly positions: Readonly<Record<string, Position>>;
  readonly deployedAt: Date;
  /**
   * The sources of row changes that were installed for the DAG, each with its last error.
   */
  readonly subscriptions: readonly {
    readonly name: string;
    readonly installedAt: string | null;
    readonly error: string | null;
  }[];
  /** The sources of messages that the DAG has, or had, each with its last error. */
  readonly messageSources: readonly MessageSourceState[];
}

/** What is known of a source of messages. */
interface MessageSourceState {
  readonly name: string;
  readonly error: string | null;
  /** When its last message came. */
  readonly receivedAt: string | null;
  /** How many messages made no run because they could not be read. */
  readonly unreadable: number;
  readonly lastUnreadable: string | null;
}

/** One DAG by its id. A removed DAG is found too, because its runs stay. */
export async function getDag(db: Queryable, dagId: string): Promise<DagDetail | undefined> {
  return (await db.query<DagDetail & Record<string, unknown>>(GET, [dagId]))[0];
}

/** A deployed DAG with its spec and the state of its last run. */
export interface DeployedDag extends DagStanding {
  readonly version: number;
  readonly file: string;
  readonly spec: DagSpec;
  readonly lastRunState: RunState | null;
  readonly lastRunAt: Date | null;
}

/** All deployed DAGs by id, each with its whole spec. Removed DAGs are left out. */
export function listDeployedDags(db: Queryable): Promise<readonly DeployedDag[]> {
  return db.query<DeployedDag & Record<string, unknown>>(DEPLOYED);
}

/** A version of a DAG. */
export interface VersionRow {
  readonly id: number;
  readonly number: number;
  readonly hash: string;
  readonly file: string;
  /** What the deployer calls the deployment that brought it, such as a commit. */
  readonly externalId: string | null;
  readonly createdAt: Date;
  /** Whether new runs get this version. */
  readonly isCurrent: boolean;
}

/** The versions of a DAG, newest first. */
export function listVersions(db: Queryable, dagId: string): Promise<readonly VersionRow[]> {
  return db.query<VersionRow & Record<string, unknown>>(VERSIONS, [dagId]);
}

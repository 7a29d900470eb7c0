/**
 * Backfills: their requests, their states, and the verbs pause, resume, cancel and
 * complete.
 */
import type { Json } from "../../../sdk/json.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { moveRuns } from "../runs/run_transition.ts";

/**
 * - `running`: its runs are created as capacity frees up. In: create, resume. Out: pause,
 *   cancel, complete.
 * - `paused`: none of its runs starts; running ones go on. In: pause. Out: resume,
 *   cancel.
 * - final: `completed` (its last run has ended), `cancelled`.
 */
export const BACKFILL_STATES = ["running", "paused", "completed", "cancelled"] as const;
export type BackfillState = (typeof BACKFILL_STATES)[number];

/**
 * The code of the runs. `original`: the version at the creation of the backfill, or of
 * the cleared run. `latest`: the version that is deployed when the run is created or
 * cleared.
 */
export const CODE_CHOICES = ["original", "latest"] as const;
export type CodeChoice = (typeof CODE_CHOICES)[number];

/** A backfill to be created. */
export interface NewBackfill {
  readonly dagId: string;
  readonly scheduleName: string;
  readonly schedule: ScheduleSpec;
  readonly from: Date;
  readonly to: Date;
  readonly reprocess: "none" | "failed" | "completed";
  readonly backwards: boolean;
  readonly maxActiveRuns: number;
  /** The params of new runs. */
  readonly params: Json;
  /** The params a person gave. Cleared runs get them too, unless they are empty. */
  readonly givenParams: Json;
  readonly labels: Readonly<Record<string, string>>;
  readonly code: CodeChoice;
  readonly versionId: number;
  readonly createdBy: string;
}

export interface BackfillRow extends NewBackfill {
  readonly id: number;
  readonly state: BackfillState;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

const BACKFILL = `id, dag_id as "dagId", schedule_name as "scheduleName", schedule,
  from_date as "from", to_date as "to", reprocess, backwards, max_active_runs as "maxActiveRuns",
  params, given_params as "givenParams", labels, code, version_id as "versionId",
  created_by as "createdBy", state, created_at as "createdAt", ended_at as "endedAt"`;

const NEW_BACKFILLS = rowsOf<NewBackfill>({
  dag_id: ["text", (one) => one.dagId],
  schedule_name: ["text", (one) => one.scheduleName],
  schedule: ["json", (one) => JSON.stringify(one.schedule)],
  from_date: ["timestamptz", (one) => one.from],
  to_date: ["timestamptz", (one) => one.to],
  reprocess: ["text", (one) => one.reprocess],
  backwards: ["boolean", (one) => one.backwards],
  max_active_runs: ["int", (one) => one.maxActiveRuns],
  params: ["json", (one) => JSON.stringify(one.params)],
  given_params: ["json", (one) => JSON.stringify(one.givenParams)],
  labels: ["json", (one) => JSON.stringify(one.labels)],
  code: ["text", (one) => one.code],
  version_id: ["bigint", (one) => one.versionId],
  created_by: ["text", (one) => one.createdBy],
});

// The unique index on active backfills decides between two creations at once.
const CREATE: Statement = {
  name: "backfill_create",
  text: `
insert into dagsmith.backfill (${NEW_BACKFILLS.names}) select * from ${NEW_BACKFILLS.unnest}
on conflict do nothing returning id`,
};

const ACTIVE: Statement = {
  name: "backfill_active",
  text: "select id from dagsmith.backfill where dag_id = $1 and ended_at is null",
};

const RUNNING: Statement = {
  name: "backfill_running",
  text: `
select b.id from dagsmith.backfill b join dagsmith.dag d using (dag_id)
where b.ended_at is null and b.state = 'running' and not d.is_paused and d.removed_at is null
  and d.version_id is not null
order by b.id`,
};

// A backfill that another scheduler has locked is left to it.
const LOCK: Statement = {
  name: "backfill_lock",
  text: `
select ${BACKFILL} from dagsmith.backfill where id = $1 and state = 'running'
for no key update skip locked`,
};

// A backfill that a frozen transaction holds must not hold up the others.
const COMPLETE: Statement = {
  name: "backfill_complete",
  text: `
update dagsmith.backfill b set state = 'completed', ended_at = now()
from (
  select id from dagsmith.backfill where ended_at is null and state = 'running'
  order by id for no key update skip locked
) free
where b.id = free.id
  and not exists (
    select from dagsmith.backfill_run s
    where s.backfill_id = b.id and s.decision = 'run' and s.run_id is null)
  and not exists (
    select from dagsmith.dag_run r
    where r.backfill_id = b.id and r.state in ('queued', 'running'))
returning b.id, b.dag_id`,
};

const PAUSE: Statement = {
  name: "backfill_pause",
  text: `
update dagsmith.backfill set state = 'paused' where id = $1 and ended_at is null returning id`,
};

const RESUME: Statement = {
  name: "backfill_resume",
  text: `
update dagsmith.backfill set state = 'running' where id = $1 and ended_at is null returning id`,
};

const CANCEL: Statement = {
  name: "backfill_cancel",
  text: `
update dagsmith.backfill set state = 'cancelled', ended_at = now()
where id = $1 and ended_at is null returning id`,
};

// Queued runs have not started and fail; running ones are left to finish. The inner
// select finds them by the index on the active runs of backfills.
const CANCEL_QUEUED: Statement = {
  name: "backfill_cancel_queued",
  text: moveRuns(["cancel"], {
    reason: "$2",
    rows: `where r.id in (
  select id from dagsmith.dag_run where backfill_id = $1 and state = 'queued' for no key update)`,
  }),
};

const GET: Statement = {
  name: "backfill_get",
  text: `select ${BACKFILL} from dagsmith.backfill where id = $1`,
};

/** Creates a backfill. @returns its id; undefined when the DAG has an active one */
export async function createBackfill(
  tx: Queryable,
  backfill: NewBackfill,
): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(CREATE, NEW_BACKFILLS.values([backfill]));
  return row?.id;
}

/** The id of a DAG's active backfill; null when there is none. */
export async function activeBackfill(db: Queryable, dagId: string): Promise<number | null> {
  return (await db.query<{ id: number }>(ACTIVE, [dagId]))[0]?.id ?? null;
}

/** Running backfills whose DAGs are neither paused nor removed. */
export async function runningBackfills(db: Queryable): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(RUNNING)).map(({ id }) => id);
}

/**
 * Locks a running backfill; undefined when it is not running, or another scheduler has
 * it.
 */
export async function lockBackfill(tx: Queryable, id: number): Promise<BackfillRow | undefined> {
  return (await tx.query<BackfillRow & Record<string, unknown>>(LOCK, [id]))[0];
}

/** Completes the backfills whose runs have all ended. */
export function completeBackfills(
  db: Queryable,
): Promise<readonly { readonly id: number; readonly dag_id: string }[]> {
  return db.query<{ id: number; dag_id: string }>(COMPLETE);
}

export async function getBackfill(db: Queryable, id: number): Promise<BackfillRow | undefined> {
  return (await db.query<BackfillRow & Record<string, unknown>>(GET, [id]))[0];
}

/** Pauses a backfill. @returns false when it has ended */
export async function pauseBackfillRow(tx: Queryable, id: number): Promise<boolean> {
  return (await tx.query(PAUSE, [id])).length > 0;
}

/** Resumes a paused backfill. @returns false when it has ended */
export async function resumeBackfillRow(tx: Queryable, id: number): Promise<boolean> {
  return (await tx.query(RESUME, [id])).length > 0;
}

/** Cancels a backfill; its running runs go on. @returns false when it had ended */
export async function cancelBackfillRow(
  tx: Queryable,
  id: number,
  reason: string,
): Promise<boolean> {
  if ((await tx.query(CANCEL, [id])).length === 0) return false;
  await tx.query(CANCEL_QUEUED, [id, reason]);
  return true;
}

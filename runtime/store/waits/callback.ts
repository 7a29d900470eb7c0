/**
 * Callbacks. The transaction of the event creates the callback and its job; a worker
 * claims the callback and ends it once.
 */
import type { CallbackContext } from "../../../sdk/task/callback.ts";
import type { NewCallback } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { hasLease } from "../fleet/worker.ts";

/** The kind of job that runs callbacks, for any worker. */
export const CALLBACK_JOB = "run_callback";

/** The end of a statement with `rows (id)` of callbacks: queues a job for each. */
export const enqueueCallbacks = (rows: string): string => `
select count(*) from (
  select array_agg((
    '${CALLBACK_JOB}', json_build_object('callback', id), null, null::timestamptz, null, null, null,
    null)::dagsmith_queue.job_spec) as specs
  from ${rows}
) job, lateral dagsmith_queue.add_jobs(job.specs) where job.specs is not null`;

const CALLBACKS = rowsOf<NewCallback>({
  run_id: ["bigint", (one) => one.runId],
  task_instance_id: ["bigint", (one) => one.instanceId],
  try_number: ["int", (one) => one.tryNumber],
  event: ["text", (one) => one.event],
  reason: ["text", (one) => one.reason],
  error: ["json", (one) => (one.error === null ? null : JSON.stringify(one.error))],
});

// A question that was answered before it was asked does not open.
const QUEUE: Statement = {
  name: "callback_queue",
  text: `
with made as (
  insert into dagsmith.callback (${CALLBACKS.names})
  select * from ${CALLBACKS.as("v")}
  where v.event <> 'onAsk' or not exists (
    select from dagsmith.question q
    where q.task_instance_id = v.task_instance_id and q.run_id = v.run_id and q.state = 'early')
  returning id
)${enqueueCallbacks("made")}`,
};

// Every end of a run runs this statement. The version of the run says which callbacks it
// has. The success of a run deletes its future deadlines.
const QUEUE_OF_RUNS: Statement = {
  name: "callback_queue_of_runs",
  text: `
with ended as (
  select r.id, r.reason, r.state,
    case r.state when 'success' then 'onSuccess' else 'onFailure' end as event, v.spec
  from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id
  where r.id = any($1) and r.state in ('success', 'failed')
), met as (
  delete from dagsmith.deadline d using ended
  where d.run_id = ended.id and ended.state = 'success' and d.due_at > now()
), made as (
  insert into dagsmith.callback (run_id, event, reason)
  select id, event, reason from ended
  where exists (
    select from json_array_elements_text(ended.spec -> 'callbacks') as wanted (event)
    where wanted.event = ended.event)
  returning id
)${enqueueCallbacks("made")}`,
};

// A callback of a lost worker may be claimed by another worker.
const CLAIM: Statement = {
  name: "callback_claim",
  text: `
update dagsmith.callback c set state = 'running', worker_id = $2, attempts = attempts + 1
from dagsmith.dag_run r
where c.id = $1 and r.id = c.run_id and ${hasLease("$2")}
  and (c.state = 'queued' or (c.state = 'running'
    and not exists (
      select from dagsmith.worker w
      where w.id = c.worker_id and w.id <> $2 and w.state <> 'lost')))
returning c.id, c.run_id as "runId", r.generation, c.task_instance_id as "instanceId",
  c.try_number as "tryNumber", c.event, c.ordinal, c.reason, c.error, c.attempts,
  (select t.task_id from dagsmith.task_instance t where t.id = c.task_instance_id) as "taskId",
  (select t.map_index from dagsmith.task_instance t where t.id = c.task_instance_id) as "mapIndex"`,
};

const END: Statement = {
  name: "callback_end",
  text: `
update dagsmith.callback
set state = case when $2::text is null then 'success' else 'failed' end, failure = $2,
  finished_at = now()
where id = $1 and worker_id = $3 and finished_at is null`,
};

const OPEN: Statement = {
  name: "callback_open",
  text: "select from dagsmith.callback where id = $1 and finished_at is null",
};

// An error after the claim: the callback may have been called, so the claim counts.
const RELEASE: Statement = {
  name: "callback_release",
  text: `
update dagsmith.callback set state = 'queued', worker_id = null
where id = $1 and worker_id = $2 and state = 'running'`,
};

const GIVE_BACK: Statement = {
  name: "callback_give_back",
  text: `
update dagsmith.callback set state = 'queued', worker_id = null, attempts = attempts - 1
where id = $1 and worker_id = $2 and state = 'running'`,
};

/** Longest log of a callback of a run, in characters. */
const MOST_LINES = 1_000_000;

const APPEND: Statement = {
  name: "callback_append",
  text: `
update dagsmith.callback set lines = lines || $2 where id = $1 and length(lines) < ${MOST_LINES}`,
};

/** Queues callbacks of tasks. */
export async function queueCallbacks(
  db: Queryable,
  callbacks: readonly NewCallback[],
): Promise<void> {
  await db.query(QUEUE, CALLBACKS.values(callbacks));
}

/**
 * Queues the callbacks of runs that have just ended, and deletes the deadlines they have
 * met.
 */
export async function queueRunCallbacks(db: Queryable, runIds: readonly number[]): Promise<void> {
  if (runIds.length > 0) await db.query(QUEUE_OF_RUNS, [runIds]);
}

/** A callback that a worker has claimed. */
export interface ClaimedCallback {
  readonly id: number;
  readonly runId: number;
  /** How often its run was cleared. */
  readonly generation: number;
  /** Null: a callback of the run. */
  readonly instanceId: number | null;
  readonly tryNumber: number | null;
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  readonly event: CallbackContext["event"];
  readonly ordinal: number;
  readonly reason: string | null;
  readonly error: CallbackContext["error"];
  /** How often the callback was claimed, this claim included. */
  readonly attempts: number;
}

/** Claims a callback; undefined when it has ended, or another live worker runs it. */
export async function claimCallback(
  db: Queryable,
  id: number,
  workerId: string,
): Promise<ClaimedCallback | undefined> {
  return (await db.query<ClaimedCallback & Record<string, unknown>>(CLAIM, [id, workerId]))[0];
}

/** How a callback ended in the worker that has claimed it. */
export interface CallbackEnd {
  readonly id: number;
  readonly workerId: string;
  /** Null: it succeeded. */
  readonly failure: string | null;
}

/** Records how a callback ended, unless another worker has claimed it since. */
export async function endCallback(
  db: Queryable,
  { id, workerId, failure }: CallbackEnd,
): Promise<void> {
  await db.query(END, [id, failure, workerId]);
}

/**
 * For the end of a job: whether the job may go.
 * @throws Error while the callback has not ended, so that the job stays for the case that
 *   the worker dies that has it
 */
export async function assertCallbackEnded(db: Queryable, id: number): Promise<void> {
  const found = await db.query(OPEN, [id]);
  if (found.length > 0) throw new Error(`callback ${id} has not ended: a worker has it`);
}

/** Returns a callback to the queue after an error of its worker; the claim counts. */
export async function releaseCallback(db: Queryable, id: number, workerId: string): Promise<void> {
  await db.query(RELEASE, [id, workerId]);
}

/** Returns a callback to the queue as if its worker had not claimed it. */
export async function giveBackCallback(db: Queryable, id: number, workerId: string): Promise<void> {
  await db.query(GIVE_BACK, [id, workerId]);
}

/** Adds to the log of a run's callback. */
export async function appendCallbackLog(db: Queryable, id: number, lines: string): Promise<void> {
  await db.query(APPEND, [id, lines]);
}

/** Task instances: the guarded move that every verb becomes, and what a worker reads when it takes one. */
import type { Json } from "../../../sdk/json.ts";
import { reservationsText } from "../../engine/limits/limits.ts";
import type { ClaimedInstance, NewInstance, Release, RoutedJob } from "../../engine/store.ts";
import { ENGINE, type TaskState } from "../../state/task_state.ts";
import type { Transition } from "../../state/transition.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { enqueue } from "../fleet/enqueue.ts";
import { hasLease } from "../fleet/worker.ts";
import { putWaits, waitsOf } from "../waits/task_wait.ts";
import { ITEM, ifGroup } from "./instance_columns.ts";
import { NEW_INSTANCE } from "./instance_rows.ts";

// A task that only said its keys has not begun: its time-outs count from the start that it waits for.
const PARKED_FIRST =
  "v.to_state = 'scheduled' and t.state = 'running' and v.next_try = t.try_number and t.pokes = 0 and t.try_number = t.cleared_tries + 1";

const MOVES = rowsOf<Transition>({
  id: ["bigint", (move) => move.instanceId],
  try_number: ["int", (move) => move.tryNumber],
  held_by: ["text", (move) => move.heldBy],
  from_states: ["text", (move) => move.from.join()],
  to_state: ["text", (move) => move.to],
  next_try: ["int", (move) => move.nextTry],
  worker_id: ["text", (move) => move.workerId],
  retry_in_ms: ["float8", (move) => move.retryInMs],
  reason: ["text", (move) => move.reason],
  error: ["json", (move) => jsonOrNull(move.error)],
  lost: ["int", (move) => (move.history === "lost" ? 1 : 0)],
  starts: ["boolean", (move) => move.verb === "start"],
});

// `moves` is joined by the primary key; the guard sits in the same statement, so a row that moved meanwhile is simply not updated.
const APPLY: Statement = {
  name: "task_instance_apply",
  text: `
update dagsmith.task_instance t
set state = v.to_state,
    try_number = v.next_try,
    lost_tries = case v.to_state when 'none' then 0 else t.lost_tries + v.lost end,
    cleared_tries = case v.to_state when 'none' then greatest(v.next_try - 1, 0) else t.cleared_tries end,
    worker_id = case when v.to_state in ('none', 'scheduled', 'queued', 'up_for_retry', 'up_for_reschedule', 'deferred') then null
      else coalesce(v.worker_id, t.worker_id) end,
    queued_at = case when v.to_state in ('scheduled', 'queued', 'up_for_retry') then now() else t.queued_at end,
    started_at = case when v.to_state = 'running' then case t.state when 'running' then t.started_at else now() end
      when v.to_state in ('none', 'scheduled', 'queued', 'up_for_retry') then null else t.started_at end,
    first_started_at = case when v.to_state = 'running' then coalesce(t.first_started_at, now())
      when v.to_state = 'none' or (${PARKED_FIRST}) then null else t.first_started_at end,
    pokes = case when v.next_try <> t.try_number then 0 when v.to_state = 'up_for_reschedule' then t.pokes + 1 else t.pokes end,
    finished_at = case when v.to_state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed') then now() end,
    retry_at = case when v.to_state = 'up_for_retry' then now() + v.retry_in_ms * interval '1 millisecond' end,
    reason = v.reason,
    error = v.error
from ${MOVES.as("v")}
where t.id = v.id
  and t.try_number = v.try_number
  and t.state = any(string_to_array(v.from_states, ','))
  and (v.held_by is null or t.worker_id = v.held_by)
  and (not v.starts or ${hasLease("v.worker_id")})
returning t.id, t.run_id, t.task_id, t.map_index, t.state, t.try_number, t.lost_tries, t.cleared_tries, t.item, t.pokes,
  t.started_at is not null or t.pokes > 0 or t.try_number > t.cleared_tries + 1 as began,
  coalesce(extract(epoch from now() - t.first_started_at) * 1000, 0)::float8 as elapsed_ms,
  (select generation from dagsmith.dag_run r where r.id = t.run_id) as generation`,
};

const ENDED_TRIES = rowsOf<Transition>({
  id: ["bigint", (move) => move.instanceId],
  try_number: ["int", (move) => move.tryNumber],
  held_by: ["text", (move) => move.heldBy],
  from_states: ["text", (move) => move.from.join()],
  history: ["text", (move) => move.history],
  reason: ["text", (move) => move.reason],
  error: ["json", (move) => jsonOrNull(move.error)],
});

// The history row is taken under the same guard, before the instance moves on to its next try.
const REMEMBER_TRY: Statement = {
  name: "task_try_remember",
  text: `
insert into dagsmith.task_try (task_instance_id, try_number, state, worker_id, started_at, finished_at, reason, error)
select t.id, t.try_number, v.history, t.worker_id, t.started_at, coalesce(t.finished_at, now()), coalesce(v.reason, t.reason), coalesce(v.error, t.error)
from ${ENDED_TRIES.as("v")}
join dagsmith.task_instance t on t.id = v.id
where t.try_number = v.try_number
  and t.state = any(string_to_array(v.from_states, ','))
  and (v.held_by is null or t.worker_id = v.held_by)
on conflict do nothing`,
};

interface MovedRow {
  id: number;
  run_id: number;
  task_id: string;
  map_index: number;
  state: TaskState;
  try_number: number;
  lost_tries: number;
  cleared_tries: number;
  generation: number;
  item: Json;
  pokes: number;
  began: boolean;
  elapsed_ms: number;
}

/** Moves what the guards allow; what they refuse is not in the result. */
export async function applyTransitions(
  db: Queryable,
  transitions: readonly Transition[],
): Promise<readonly ClaimedInstance[]> {
  if (transitions.length === 0) return [];
  const ended = transitions.filter(({ history }) => history !== null);
  if (ended.length > 0) await db.query(REMEMBER_TRY, ENDED_TRIES.values(ended));
  const rows = await db.query<MovedRow>(APPLY, MOVES.values(transitions));
  await putWaits(db, waitsOf(transitions, rows));
  return rows.map((row) => ({
    id: row.id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    state: row.state,
    tryNumber: row.try_number,
    lostTries: row.lost_tries,
    clearedTries: row.cleared_tries,
    generation: row.generation,
    item: row.item,
    pokes: row.pokes,
    began: row.began,
    elapsedMs: row.elapsed_ms,
  }));
}

const NEW_INSTANCES = rowsOf<NewInstance>({
  ...NEW_INSTANCE,
  reason: ["text", ({ reason }) => reason],
  error: ["json", ({ error }) => jsonOrNull(error)],
  queue: ["text", ({ route }) => route.queue],
  weight: ["int", ({ route }) => route.weight],
  reservations: [
    "text",
    ({ route }) => (route.reservations.length > 0 ? reservationsText(route.reservations) : null),
  ],
});

// Ids are drawn before the rows are made, so that tokens and places need no join back to them. What has reservations is made as scheduled, with a
// row that asks for its places.
const INSERT: Statement = {
  name: "task_instance_insert",
  text: `
with v as materialized (
  select nextval('dagsmith.task_instance_id_seq') as id, 1 as try_number, given.*
  from ${NEW_INSTANCES.as("given")}
), made as (
  insert into dagsmith.task_instance (id, run_id, task_id, map_index, state, item, reason, error, queued_at, started_at, first_started_at,
    worker_id, finished_at)
  overriding system value
  select v.id, v.run_id, v.task_id, v.map_index, case when v.reservations is null then v.state else 'scheduled' end, ${ITEM}, v.reason, v.error,
    case when v.state = 'queued' and v.reservations is null then now() end,
    ${ifGroup("now()")}, ${ifGroup("now()")}, ${ifGroup(`'${ENGINE}'`)},
    case when v.state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed') then now() end
  from v
), asked as (
  insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, logical_date, map_index, queue)
  select v.id, v.try_number, v.reservations, v.weight, r.logical_date, v.map_index, v.queue
  from v join dagsmith.dag_run r on r.id = v.run_id where v.reservations is not null
)${enqueue("v where state = 'queued' and reservations is null")}`,
};

const RELEASES = rowsOf<Release>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  first: ["int", ({ from }) => from],
  past: ["int", ({ to }) => to],
  queue: ["text", ({ route }) => route.queue],
  weight: ["int", ({ route }) => route.weight],
});

// As many as the range is long: those that wait lie one after the other, except in a task of which some items were cleared.
const RELEASE: Statement = {
  name: "task_instance_release",
  text: `
with released as (
  update dagsmith.task_instance t set state = 'queued', queued_at = now()
  from ${RELEASES.as("v")},
    lateral (
      select id from dagsmith.task_instance w
      where w.run_id = v.run_id and w.task_id = v.task_id and w.map_index >= v.first and w.state = 'scheduled'
      order by w.run_id, w.task_id, w.map_index limit v.past - v.first
    ) next
  where t.id = next.id
  returning t.id, t.try_number, v.queue, v.weight
)${enqueue("released")}`,
};

const JOBS = rowsOf<RoutedJob>({
  id: ["bigint", ({ instanceId }) => instanceId],
  try_number: ["int", ({ tryNumber }) => tryNumber],
  in_ms: ["float8", ({ inMs }) => inMs],
  queue: ["text", ({ route }) => route.queue],
  weight: ["int", ({ route }) => route.weight],
});

const ENQUEUE: Statement = {
  name: "task_instance_enqueue",
  text: enqueue(JOBS.as("v"), { runAt: "now() + in_ms * interval '1 millisecond'" }),
};

// Deleting the row takes hold of the wait: of several schedulers one wakes the sensor. What has limits asks for its places again.
const WAKE: Statement = {
  name: "task_instance_wake",
  text: `
with due as (
  delete from dagsmith.task_wait where task_instance_id in (
    select task_instance_id from dagsmith.task_wait where kind = 'poke' and due_at <= now()
    order by due_at limit $1 for update skip locked)
  returning task_instance_id, try_number, queue, weight, reservations
), woken as (
  update dagsmith.task_instance t set state = case when due.reservations is null then 'queued' else 'scheduled' end, queued_at = now() from due
  where t.id = due.task_instance_id and t.try_number = due.try_number and t.state = 'up_for_reschedule'
  returning t.id, t.try_number, t.run_id, t.map_index, due.queue, due.weight, due.reservations
), asking as (
  insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, logical_date, map_index, queue)
  select w.id, w.try_number, w.reservations, w.weight, r.logical_date, w.map_index, w.queue
  from woken w join dagsmith.dag_run r on r.id = w.run_id where w.reservations is not null
  on conflict (instance_id) do update set try_number = excluded.try_number, reservations = excluded.reservations, weight = excluded.weight,
    queue = excluded.queue, not_before = excluded.not_before, admitted_at = null
  returning 1
), queued as (${enqueue("woken where reservations is null")})
select (select count(*)::int from due) as count, (select count(*)::int from asking) as asking from queued`,
};

/** Wakes sensors whose next poke is due, up to `limit`. @returns how many waits that ended, and how many of them ask for places */
export async function wakeSensors(
  db: Queryable,
  limit: number,
): Promise<{ readonly count: number; readonly asking: number }> {
  const [woken] = await db.query<{ count: number; asking: number }>(WAKE, [limit]);
  return woken ?? { count: 0, asking: 0 };
}

/** Makes instances, each queued one with its token; one with reservations waits, and asks for its places. */
export async function insertInstances(
  db: Queryable,
  instances: readonly NewInstance[],
): Promise<void> {
  if (instances.length > 0) await db.query(INSERT, NEW_INSTANCES.values(instances));
}

/** Queues instances that waited for a place. */
export async function releaseInstances(db: Queryable, releases: readonly Release[]): Promise<void> {
  if (releases.length > 0) await db.query(RELEASE, RELEASES.values(releases));
}

/** Puts tokens for further tries into the queue. */
export async function enqueueTries(db: Queryable, tokens: readonly RoutedJob[]): Promise<void> {
  if (tokens.length > 0) await db.query(ENQUEUE, JOBS.values(tokens));
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

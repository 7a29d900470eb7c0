/** Many task instances at once: created, released, woken, and their jobs. */
import { reservationsText } from "../../engine/limits/limits.ts";
import type { NewInstance, Release, RoutedJob } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { enqueue } from "../fleet/enqueue.ts";
import { firstState, jsonOrNull } from "./instance_columns.ts";
import { NEW_INSTANCE } from "./instance_rows.ts";
import { create, move } from "./transition.ts";

const NEW_INSTANCES = rowsOf<NewInstance>({
  ...NEW_INSTANCE,
  state: ["text", firstState],
  reason: ["text", ({ reason }) => reason],
  error: ["json", ({ error }) => jsonOrNull(error)],
  queue: ["text", ({ route }) => route.queue],
  weight: ["int", ({ route }) => route.weight],
  reservations: [
    "text",
    ({ route }) => (route.reservations.length > 0 ? reservationsText(route.reservations) : null),
  ],
  is_taken: ["boolean", ({ isTaken }) => isTaken === true],
});

// Ids are drawn first, so that jobs and slot requests need no join back to the new rows.
const INSERT: Statement = {
  name: "task_instance_insert",
  text: `
with v as materialized (
  select nextval('dagsmith.task_instance_id_seq') as id, 1 as try_number, given.*
  from ${NEW_INSTANCES.as("given")}
), made as (
  ${create({ more: { id: "v.id", reason: "v.reason", error: "v.error" }, rows: "from v" })}
), asked as (
  insert into dagsmith.slot_request
    (instance_id, try_number, reservations, weight, logical_date, map_index, queue)
  select v.id, v.try_number, v.reservations, v.weight, r.logical_date, v.map_index, v.queue
  from v join dagsmith.dag_run r on r.id = v.run_id where v.reservations is not null
)${enqueue("v where state = 'queued' and not is_taken")}`,
};

const RELEASES = rowsOf<Release>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  first: ["int", ({ from }) => from],
  past: ["int", ({ to }) => to],
  queue: ["text", ({ route }) => route.queue],
  weight: ["int", ({ route }) => route.weight],
});

// Items that wait follow each other by map index, but not in a task of which some were
// cleared: so the items are counted, not their indices.
const RELEASE: Statement = {
  name: "task_instance_release",
  text: `
with released as (
  ${move("release", {
    rows: `from ${RELEASES.as("v")},
    lateral (
      select id from dagsmith.task_instance w
      where w.run_id = v.run_id and w.task_id = v.task_id and w.map_index >= v.first
        and w.state = 'scheduled'
      order by w.run_id, w.task_id, w.map_index limit v.past - v.first
    ) next
  where t.id = next.id`,
  })}
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

// Of several schedulers the one that deletes the wait wakes the sensor. A sensor with
// limits requests its slots again. An instance that a frozen transaction holds is left
// for a later pass.
const WAKE: Statement = {
  name: "task_instance_wake",
  text: `
with due as (
  delete from dagsmith.task_wait where task_instance_id in (
    select w.task_instance_id from dagsmith.task_wait w
    join dagsmith.task_instance i on i.id = w.task_instance_id
    where w.kind = 'poke' and w.due_at <= now() order by w.due_at limit $1
    for update of w skip locked for no key update of i skip locked)
  returning task_instance_id, try_number, queue, weight, reservations
), woken as (
  ${move("wake", {
    to: "case when due.reservations is null then 'queued' else 'scheduled' end",
    rows: "from due where t.id = due.task_instance_id and t.try_number = due.try_number",
  })}
  returning t.id, t.try_number, t.run_id, t.map_index, due.queue, due.weight, due.reservations
), asking as (
  insert into dagsmith.slot_request
    (instance_id, try_number, reservations, weight, logical_date, map_index, queue)
  select w.id, w.try_number, w.reservations, w.weight, r.logical_date, w.map_index, w.queue
  from woken w join dagsmith.dag_run r on r.id = w.run_id where w.reservations is not null
  on conflict (instance_id) do update set try_number = excluded.try_number,
    reservations = excluded.reservations, weight = excluded.weight, queue = excluded.queue,
    not_before = excluded.not_before, admitted_at = null
  returning 1
), queued as (${enqueue("woken where reservations is null")})
select (select count(*)::int from due) as count, (select count(*)::int from asking) as asking
from queued`,
};

/**
 * Wakes sensors whose next poke is due, up to `limit`.
 * @returns how many waits ended, and how many sensors request slots
 */
export async function wakeSensors(
  db: Queryable,
  limit: number,
): Promise<{ readonly count: number; readonly asking: number }> {
  const [woken] = await db.query<{ count: number; asking: number }>(WAKE, [limit]);
  return woken ?? { count: 0, asking: 0 };
}

/**
 * Creates instances: each queued one with its job unless it is taken, each one with limits
 * with its slot request.
 */
export async function insertInstances(
  db: Queryable,
  instances: readonly NewInstance[],
): Promise<void> {
  if (instances.length > 0) await db.query(INSERT, NEW_INSTANCES.values(instances));
}

/** Queues scheduled items of mapped tasks. */
export async function releaseInstances(db: Queryable, releases: readonly Release[]): Promise<void> {
  if (releases.length > 0) await db.query(RELEASE, RELEASES.values(releases));
}

/** Puts jobs for further tries into the queue. */
export async function enqueueTries(db: Queryable, jobs: readonly RoutedJob[]): Promise<void> {
  if (jobs.length > 0) await db.query(ENQUEUE, JOBS.values(jobs));
}

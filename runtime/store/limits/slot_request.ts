/**
 * Slots under limits: which instances hold them, which wait for them. A row says that an
 * instance was granted its slots. The row counts only while the instance is queued or
 * running at that try, so no end of a try, however abrupt, keeps a slot taken.
 */
import { partition } from "../../../sdk/list.ts";
import type { Usage, Waiter } from "../../engine/limits/admission.ts";
import {
  parseReservations,
  type Reservation,
  reservationsText,
} from "../../engine/limits/limits.ts";
import type { RoutedJob } from "../../engine/store.ts";
import type { TryRef } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { enqueue } from "../fleet/enqueue.ts";
import { TASKS } from "../instances/instance_rows.ts";
import { move } from "../instances/transition.ts";

const REQUESTS = rowsOf<RoutedJob>({
  id: ["bigint", (job) => job.instanceId],
  try_number: ["int", (job) => job.tryNumber],
  in_ms: ["float8", (job) => job.inMs],
  queue: ["text", (job) => job.route.queue],
  weight: ["int", (job) => job.route.weight],
  reservations: ["text", (job) => reservationsText(job.route.reservations)],
});

// A further try waits like the first, even if the instance held slots before.
const REQUEST: Statement = {
  name: "slot_request_put",
  text: `
insert into dagsmith.slot_request
  (instance_id, try_number, reservations, weight, logical_date, map_index, queue, not_before)
select v.id, v.try_number, v.reservations, v.weight, r.logical_date, t.map_index, v.queue,
  now() + v.in_ms * interval '1 millisecond'
from ${REQUESTS.as("v")}
join dagsmith.task_instance t on t.id = v.id
join dagsmith.dag_run r on r.id = t.run_id
on conflict (instance_id) do update set try_number = excluded.try_number,
  reservations = excluded.reservations, weight = excluded.weight, queue = excluded.queue,
  not_before = excluded.not_before, admitted_at = null`,
};

// Goes from one wait queue to the next by the index: a queue of thousands is one step.
const WAIT_QUEUES: Statement = {
  name: "slot_request_wait_queues",
  text: `
with recursive wait_queue as (
  (select reservations from dagsmith.slot_request where admitted_at is null
    order by reservations limit 1)
  union all
  select (
    select p.reservations from dagsmith.slot_request p
    where p.admitted_at is null and p.reservations > wait_queue.reservations
    order by p.reservations limit 1
  ) from wait_queue where wait_queue.reservations is not null
)
select reservations from wait_queue where reservations is not null`,
};

/** Whether the request `p` of the instance `t` holds its slots. */
export const HOLDS = "t.try_number = p.try_number and t.state in ('queued', 'running')";

/**
 * Whether the request `p` of the instance `t` still waits: a cleared or ended instance
 * does not.
 */
export const WAITS =
  "t.try_number = p.try_number and t.state in ('scheduled', 'queued', 'up_for_retry')";

/**
 * Requests `p` with their instance `t`. "offset 0" keeps this a look into the primary
 * key, whatever statistics say.
 */
const WITH_INSTANCE = `dagsmith.slot_request p cross join lateral (
    select * from dagsmith.task_instance i where i.id = p.instance_id offset 0
  ) t`;

const HELD: Statement = {
  name: "slot_request_held",
  text: `
select p.reservations, count(*)::int as requests
from ${WITH_INSTANCE}
where p.admitted_at is not null and ${HOLDS} group by p.reservations`,
};

// A row that another transaction has locked stays until the next time: nothing may wait
// here.
const DELETE_STALE: Statement = {
  name: "slot_request_delete_stale",
  text: `
delete from dagsmith.slot_request where instance_id in (
  select p.instance_id
  from ${WITH_INSTANCE}
  where p.admitted_at is not null and not (${HOLDS}) for update of p skip locked)`,
};

/**
 * When the start `s` of the instance `t` happened; `h` is the earlier try that it belongs
 * to.
 */
const STARTED_AT = "case when t.try_number = s.try_number then t.started_at else h.started_at end";
const PENDING = "(t.try_number = s.try_number and t.state = 'queued')";
const STARTS = `
from dagsmith.rate_start s
join dagsmith.task_instance t on t.id = s.instance_id
left join dagsmith.task_try h
  on h.task_instance_id = s.instance_id and h.try_number = s.try_number`;

const WINDOWS = rowsOf<readonly [name: string, perMs: number]>({
  name: ["text", ([name]) => name],
  per_ms: ["float8", ([, perMs]) => perMs],
});

// A granted start that has not happened yet counts too. Otherwise a window would hold too
// many starts when workers take the instances late.
const RATES: Statement = {
  name: "slot_request_rates",
  text: `
select s.name, count(*)::int as starts
from ${WINDOWS.as("w")}
join (select s.name, ${PENDING} as pending, ${STARTED_AT} as started_at ${STARTS}
  where s.name = any($1)) s using (name)
where s.pending or s.started_at > now() - w.per_ms * interval '1 millisecond'
group by s.name`,
};

const DELETE_STALE_STARTS: Statement = {
  name: "rate_start_delete_stale",
  text: `
delete from dagsmith.rate_start where id in (
  select s.id ${STARTS}
  where s.name = any($1) and not ${PENDING}
    and coalesce(${STARTED_AT} <= now() - s.per_ms * interval '1 millisecond', true))`,
};

const POOLS: Statement = {
  name: "slot_request_pools",
  text: "select name, slots from dagsmith.pool",
};

/** How many instances to read of a wait queue. */
interface Wanted {
  readonly text: string;
  readonly most: number;
}

const WANTED = rowsOf<Wanted>({
  reservations: ["text", ({ text }) => text],
  most: ["int", ({ most }) => most],
});

// The first due instances of each wait queue. An instance that another transaction moves
// now is left out, so that no transaction waits for another.
const NEXT: Statement = {
  name: "slot_request_next",
  text: `
select first.* from ${WANTED.as("wanted")},
lateral (
  select p.instance_id, t.run_id, p.try_number, p.reservations, p.weight, p.logical_date,
    p.map_index, ${WAITS} as waits
  from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
  where p.reservations = wanted.reservations and p.admitted_at is null and p.not_before <= now()
  order by p.weight desc, p.logical_date, p.map_index, p.instance_id limit wanted.most
  for no key update of t skip locked
) first`,
};

const DROP: Statement = {
  name: "slot_request_drop",
  text: "delete from dagsmith.slot_request where instance_id = any($1) and admitted_at is null",
};

/** A start that counts against a rate. */
export interface GrantedStart {
  readonly instanceId: number;
  readonly reservation: Reservation;
}

const GRANTED_STARTS = rowsOf<GrantedStart>(
  {
    name: ["text", ({ reservation }) => reservation.name],
    id: ["bigint", ({ instanceId }) => instanceId],
    per_ms: ["float8", ({ reservation }) => reservation.perMs],
  },
  2,
);

const GRANT: Statement = {
  name: "slot_request_grant",
  text: `
with v as materialized (
  select id, position from unnest($1::bigint[]) with ordinality as v (id, position)
), granted as (
  update dagsmith.slot_request p set admitted_at = now() from v where p.instance_id = v.id
  returning p.instance_id, p.try_number, p.queue, p.weight, v.position
), queued as (
  ${move("grant", {
    rows: "from granted g where t.id = g.instance_id and t.try_number = g.try_number",
  })}
  returning t.id, g.try_number, g.queue, g.weight, g.position
), starts as (
  insert into dagsmith.rate_start (name, instance_id, try_number, per_ms)
  select s.name, s.id, g.try_number, s.per_ms
  from ${GRANTED_STARTS.as("s")} join queued g on g.id = s.id
)${enqueue("queued", { order: "order by position" })}`,
};

const OF_TRY: Statement = {
  name: "slot_request_of_try",
  text: `
select reservations from dagsmith.slot_request
where instance_id = $1 and try_number = $2 and admitted_at is not null`,
};

/**
 * The reservations that a running try was granted; undefined when the try requested none.
 */
export async function grantedReservations(
  db: Queryable,
  { id, tryNumber }: { readonly id: number; readonly tryNumber: number },
): Promise<readonly Reservation[] | undefined> {
  const [granted] = await db.query<{ reservations: string }>(OF_TRY, [id, tryNumber]);
  return granted && parseReservations(granted.reservations);
}

/** Requests slots for further tries. */
export async function requestSlots(db: Queryable, jobs: readonly RoutedJob[]): Promise<void> {
  // A statement must not write one row twice: of two requests of an instance the later
  // one counts.
  const latest = [...new Map(jobs.map((job) => [job.instanceId, job])).values()];
  if (latest.length > 0) await db.query(REQUEST, REQUESTS.values(latest));
}

/** The wait queues that are not empty, by the text of their reservations. */
export async function waitQueues(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ reservations: string }>(WAIT_QUEUES)).map(
    ({ reservations }) => reservations,
  );
}

/** Deletes rows that no longer count. */
export async function deleteStaleRequests(
  db: Queryable,
  rates: readonly Reservation[],
): Promise<void> {
  await db.query(DELETE_STALE);
  if (rates.length > 0) await db.query(DELETE_STALE_STARTS, [rates.map(({ name }) => name)]);
}

/** The slots taken of every limit, and the starts counted against the given rates. */
export async function readUsage(db: Queryable, rates: readonly Reservation[]): Promise<Usage> {
  const pools = await db.query<{ name: string; slots: number }>(POOLS);
  const held = new Map<string, number>();
  const add = (name: string, slots: number): void =>
    void held.set(name, (held.get(name) ?? 0) + slots);
  const requests = await db.query<{ reservations: string; requests: number }>(HELD);
  for (const row of requests)
    for (const { name, slots, perMs } of parseReservations(row.reservations))
      if (perMs === null) add(name, slots * row.requests);
  for (const { name, starts } of await readStarts(db, rates)) add(name, starts);
  return { pools: new Map(pools.map(({ name, slots }) => [name, slots])), held };
}

async function readStarts(
  db: Queryable,
  rates: readonly Reservation[],
): Promise<readonly { readonly name: string; readonly starts: number }[]> {
  if (rates.length === 0) return [];
  // Of several windows under one name the longest counts.
  const windows = new Map<string, number>();
  for (const { name, perMs } of rates)
    windows.set(name, Math.max(windows.get(name) ?? 0, perMs ?? 0));
  return db.query<{ name: string; starts: number }>(RATES, WINDOWS.values([...windows]));
}

/** An instance at the head of its wait queue. */
export interface NextInQueue extends Waiter {
  readonly runId: number;
  readonly tryNumber: number;
}

/**
 * Reads and locks the first instances of each wait queue, up to `most` of it.
 * @returns the instances that wait, and those whose rows are left over
 */
export async function nextInQueues(
  db: Queryable,
  wanted: readonly Wanted[],
): Promise<{ readonly waiting: readonly NextInQueue[]; readonly gone: readonly NextInQueue[] }> {
  if (wanted.length === 0) return { waiting: [], gone: [] };
  const rows = await db.query<NextRow>(NEXT, WANTED.values(wanted));
  const [waiting, gone] = partition(rows, ({ waits }) => waits);
  return { waiting: waiting.map(nextInQueue), gone: gone.map(nextInQueue) };
}

function nextInQueue(row: NextRow): NextInQueue {
  return {
    instanceId: row.instance_id,
    runId: row.run_id,
    tryNumber: row.try_number,
    waitQueue: row.reservations,
    weight: row.weight,
    logicalDate: row.logical_date?.getTime() ?? Number.POSITIVE_INFINITY,
    mapIndex: row.map_index,
  };
}

interface NextRow extends Record<string, unknown> {
  instance_id: number;
  run_id: number;
  try_number: number;
  reservations: string;
  weight: number;
  logical_date: Date | null;
  map_index: number;
  waits: boolean;
}

/** Deletes the rows of instances that no longer wait. */
export async function dropWaiting(
  db: Queryable,
  refs: readonly Pick<TryRef, "instanceId">[],
): Promise<void> {
  if (refs.length === 0) return;
  await db.query(DROP, [refs.map(({ instanceId }) => instanceId)]);
}

/**
 * Grants slots: queues the instances in this order, each with its job, and records the
 * starts.
 */
export async function markGranted(
  db: Queryable,
  granted: readonly number[],
  starts: readonly GrantedStart[],
): Promise<void> {
  if (granted.length === 0) return;
  await db.query(GRANT, [granted, ...GRANTED_STARTS.values(starts)]);
}

const WITHOUT_REQUEST: Statement = {
  name: "task_instance_without_request",
  text: `
select t.id as "instanceId", t.try_number as "tryNumber", t.run_id as "runId", t.task_id as "taskId"
from ${TASKS.as("v")}
join dagsmith.task_instance t
  on t.run_id = v.run_id and t.task_id = v.task_id and t.state = 'scheduled'
where not exists (
  select from dagsmith.slot_request p where p.instance_id = t.id and p.try_number = t.try_number)`,
};

interface InstanceOfTask extends TryRef {
  readonly runId: number;
  readonly taskId: string;
}

/** Scheduled instances of these tasks that have requested no slots. */
export async function instancesWithoutRequest(
  db: Queryable,
  tasks: readonly { readonly runId: number; readonly taskId: string }[],
): Promise<readonly InstanceOfTask[]> {
  if (tasks.length === 0) return [];
  return db.query<InstanceOfTask & Record<string, unknown>>(WITHOUT_REQUEST, TASKS.values(tasks));
}

/**
 * Places under limits: who holds one, who waits for one. A row says that an instance was given its places; it counts only while the
 * instance is queued or running at that try, so nothing that ends a try, however abruptly, can keep a place taken.
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
import { columns } from "../database/unnest.ts";
import { enqueue } from "../fleet/enqueue.ts";

// Whatever place the instance held before, it asks anew: a further try waits like the first.
const ASK: Statement = {
  name: "place_ask",
  text: `
insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, logical_date, map_index, queue, not_before)
select v.id, v.try_number, v.reservations, v.weight, r.logical_date, t.map_index, v.queue, now() + v.in_ms * interval '1 millisecond'
from unnest($1::bigint[], $2::int[], $3::float8[], $4::text[], $5::int[], $6::text[]) as v (id, try_number, in_ms, queue, weight, reservations)
join dagsmith.task_instance t on t.id = v.id
join dagsmith.dag_run r on r.id = t.run_id
on conflict (instance_id) do update set try_number = excluded.try_number, reservations = excluded.reservations, weight = excluded.weight,
  queue = excluded.queue, not_before = excluded.not_before, admitted_at = null`,
};

// From one line to the next by the index: thousands that wait in one line are one step.
const LINES: Statement = {
  name: "place_lines",
  text: `
with recursive line as (
  (select reservations from dagsmith.slot_request where admitted_at is null order by reservations limit 1)
  union all
  select (
    select p.reservations from dagsmith.slot_request p where p.admitted_at is null and p.reservations > line.reservations order by p.reservations limit 1
  ) from line where line.reservations is not null
)
select reservations from line where reservations is not null`,
};

/** Whether the row `p` of a place counts, its instance being `t`. */
export const HOLDS = "t.try_number = p.try_number and t.state in ('queued', 'running')";

/** Whether the row `p` still asks for its places, its instance being `t`: what was cleared, ended or begun asks for nothing. */
export const WAITS =
  "t.try_number = p.try_number and t.state in ('scheduled', 'queued', 'up_for_retry')";

const HELD: Statement = {
  name: "place_held",
  text: `
select p.reservations, count(*)::int as places
from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
where p.admitted_at is not null and ${HOLDS} group by p.reservations`,
};

// Rows that count no more. One that another transaction has in hand is left to the next round: nobody waits for it here.
const FORGET: Statement = {
  name: "place_forget",
  text: `
delete from dagsmith.slot_request where instance_id in (
  select p.instance_id from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
  where p.admitted_at is not null and not (${HOLDS}) for update of p skip locked)`,
};

/** A start `s` of an instance `t`, which history `h` remembers when the instance is at another try. */
const STARTED_AT = "case when t.try_number = s.try_number then t.started_at else h.started_at end";
const PENDING = "(t.try_number = s.try_number and t.state = 'queued')";
const STARTS = `
from dagsmith.rate_start s
join dagsmith.task_instance t on t.id = s.instance_id
left join dagsmith.task_try h on h.task_instance_id = s.instance_id and h.try_number = s.try_number`;

// What was let go and has not begun counts as well, so that no window ever holds more starts than it may, however late workers take them.
const RATES: Statement = {
  name: "place_rates",
  text: `
select s.name, count(*)::int as places
from unnest($1::text[], $2::float8[]) as w (name, per_ms)
join (select s.name, ${PENDING} as pending, ${STARTED_AT} as started_at ${STARTS} where s.name = any($1)) s using (name)
where s.pending or s.started_at > now() - w.per_ms * interval '1 millisecond'
group by s.name`,
};

const FORGET_STARTS: Statement = {
  name: "place_forget_starts",
  text: `
delete from dagsmith.rate_start where id in (
  select s.id ${STARTS}
  where s.name = any($1) and not ${PENDING}
    and coalesce(${STARTED_AT} <= now() - s.per_ms * interval '1 millisecond', true))`,
};

const POOLS: Statement = { name: "place_pools", text: "select name, slots from dagsmith.pool" };

// The first of each line that are due. An instance that somebody moves at this moment is passed over, so nobody waits for anybody.
const FIRST: Statement = {
  name: "place_first",
  text: `
select first.* from unnest($1::text[], $2::int[]) as line (reservations, most),
lateral (
  select p.instance_id, t.run_id, p.try_number, p.reservations, p.weight, p.logical_date, p.map_index,
    ${WAITS} as waits
  from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
  where p.reservations = line.reservations and p.admitted_at is null and p.not_before <= now()
  order by p.weight desc, p.logical_date, p.map_index, p.instance_id limit line.most
  for no key update of t skip locked
) first`,
};

const DROP: Statement = {
  name: "place_drop",
  text: "delete from dagsmith.slot_request where instance_id = any($1) and admitted_at is null",
};

const GRANT: Statement = {
  name: "place_grant",
  text: `
with v as materialized (select id, place from unnest($1::bigint[]) with ordinality as v (id, place)
), granted as (
  update dagsmith.slot_request p set admitted_at = now() from v where p.instance_id = v.id
  returning p.instance_id, p.try_number, p.queue, p.weight, v.place
), queued as (
  update dagsmith.task_instance t set state = 'queued', queued_at = now(), retry_at = null from granted g where t.id = g.instance_id
  returning t.id, g.try_number, g.queue, g.weight, g.place
), starts as (
  insert into dagsmith.rate_start (name, instance_id, try_number, per_ms)
  select s.name, s.id, g.try_number, s.per_ms
  from unnest($2::text[], $3::bigint[], $4::float8[]) as s (name, id, per_ms) join granted g on g.instance_id = s.id
)${enqueue("queued", { order: "order by place" })}`,
};

const GRANTED: Statement = {
  name: "place_granted",
  text: "select reservations from dagsmith.slot_request where instance_id = $1 and try_number = $2 and admitted_at is not null",
};

/** The places that a running try was given; undefined when it asked for none. */
export async function placesOf(
  db: Queryable,
  { id, tryNumber }: { readonly id: number; readonly tryNumber: number },
): Promise<readonly Reservation[] | undefined> {
  const [given] = await db.query<{ reservations: string }>(GRANTED, [id, tryNumber]);
  return given && parseReservations(given.reservations);
}

/** Asks for the places of further tries. */
export async function requestSlots(db: Queryable, tokens: readonly RoutedJob[]): Promise<void> {
  // A statement may not touch one row twice: of two wishes of one instance the later one counts.
  const latest = [...new Map(tokens.map((token) => [token.instanceId, token])).values()];
  if (latest.length === 0) return;
  await db.query(
    ASK,
    columns(latest, ({ instanceId, tryNumber, inMs, route }) => [
      ...[
        instanceId,
        tryNumber,
        inMs,
        route.queue,
        route.weight,
        reservationsText(route.reservations),
      ],
    ]),
  );
}

/** The texts of all reservations that somebody waits with. */
export async function waitQueues(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ reservations: string }>(LINES)).map(({ reservations }) => reservations);
}

/** Removes rows that say nothing any more. */
export async function deleteStaleRequests(
  db: Queryable,
  rates: readonly Reservation[],
): Promise<void> {
  await db.query(FORGET);
  if (rates.length > 0) await db.query(FORGET_STARTS, [rates.map(({ name }) => name)]);
}

/** What is taken of every limit; of rates, those named. */
export async function readUsage(db: Queryable, rates: readonly Reservation[]): Promise<Usage> {
  const pools = await db.query<{ name: string; slots: number }>(POOLS);
  const held = new Map<string, number>();
  const add = (name: string, slots: number): void =>
    void held.set(name, (held.get(name) ?? 0) + slots);
  for (const { reservations, places } of await db.query<{ reservations: string; places: number }>(
    HELD,
  ))
    for (const reservation of parseReservations(reservations))
      if (reservation.perMs === null) add(reservation.name, reservation.slots * places);
  for (const { name, places } of rates.length > 0
    ? await db.query<{ name: string; places: number }>(RATES, ratesOf(rates))
    : [])
    add(name, places);
  return { pools: new Map(pools.map(({ name, slots }) => [name, slots])), held };
}

/** Names and windows; of several windows under one name the longest. */
function ratesOf(rates: readonly Reservation[]): readonly unknown[][] {
  const windows = new Map<string, number>();
  for (const { name, perMs } of rates)
    windows.set(name, Math.max(windows.get(name) ?? 0, perMs ?? 0));
  return [[...windows.keys()], [...windows.values()]];
}

/** An instance at the head of its line. */
export interface NextInQueue extends Waiter {
  readonly runId: number;
  readonly tryNumber: number;
}

/** The first of each line, up to `most` of it, locked; apart from them the rows of instances that do not wait any more. */
export async function nextInQueues(
  db: Queryable,
  lines: readonly { readonly text: string; readonly most: number }[],
): Promise<{ readonly waiting: readonly NextInQueue[]; readonly gone: readonly NextInQueue[] }> {
  if (lines.length === 0) return { waiting: [], gone: [] };
  const rows = await db.query<FirstRow>(
    FIRST,
    columns(lines, ({ text, most }) => [text, most]),
  );
  const [waiting, gone] = partition(rows, ({ waits }) => waits);
  return { waiting: waiting.map(nextInQueue), gone: gone.map(nextInQueue) };
}

function nextInQueue(row: FirstRow): NextInQueue {
  return {
    instanceId: row.instance_id,
    runId: row.run_id,
    tryNumber: row.try_number,
    line: row.reservations,
    weight: row.weight,
    logicalDate: row.logical_date?.getTime() ?? Number.POSITIVE_INFINITY,
    mapIndex: row.map_index,
  };
}

interface FirstRow extends Record<string, unknown> {
  instance_id: number;
  run_id: number;
  try_number: number;
  reservations: string;
  weight: number;
  logical_date: Date | null;
  map_index: number;
  waits: boolean;
}

/** Removes the rows of instances that wait no more. */
export async function dropWaiting(
  db: Queryable,
  refs: readonly Pick<TryRef, "instanceId">[],
): Promise<void> {
  if (refs.length === 0) return;
  await db.query(DROP, [refs.map(({ instanceId }) => instanceId)]);
}

/** Gives places: the instances are queued, in this order, each with its token and, under a rate, with its start noted. */
export async function markGranted(
  db: Queryable,
  granted: readonly number[],
  starts: readonly { readonly instanceId: number; readonly reservation: Reservation }[],
): Promise<void> {
  if (granted.length === 0) return;
  const noted = starts.map(({ instanceId, reservation }) => [
    reservation.name,
    instanceId,
    reservation.perMs,
  ]);
  await db.query(GRANT, [granted, ...[0, 1, 2].map((column) => noted.map((row) => row[column]))]);
}

const WITHOUT_REQUEST: Statement = {
  name: "task_instance_without_request",
  text: `
select t.id as "instanceId", t.try_number as "tryNumber", t.run_id as "runId", t.task_id as "taskId"
from unnest($1::bigint[], $2::text[]) as v (run_id, task_id)
join dagsmith.task_instance t on t.run_id = v.run_id and t.task_id = v.task_id and t.state = 'scheduled'
where not exists (select from dagsmith.slot_request p where p.instance_id = t.id and p.try_number = t.try_number)`,
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
  return db.query<InstanceOfTask & Record<string, unknown>>(
    WITHOUT_REQUEST,
    columns(tasks, ({ runId, taskId }) => [runId, taskId]),
  );
}

/**
 * The waits of instances: a row is written when a wait begins, found when it is over,
 * then deleted.
 */
import type { NewInstance } from "../../engine/store.ts";
import type { Transition } from "../../state/transition.ts";
import type { RunningWait, Wait, WaitKind } from "../../state/wait.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { NEW_INSTANCE } from "../instances/instance_rows.ts";
import { createOrRecreate } from "../instances/transition.ts";
import { putQuestions } from "./question.ts";
import { putCalls } from "./task_call.ts";

/** A longer wait than 300 years would end beyond the range of a timestamp. */
const LONGEST_MS = 300 * 365 * 86_400_000;

/** The wait of an instance. */
interface InstanceWait {
  readonly id: number;
  readonly wait: Wait;
}

const WAITS = rowsOf<InstanceWait>({
  id: ["bigint", ({ id }) => id],
  kind: ["text", ({ wait }) => wait.kind],
  at: ["timestamptz", ({ wait }) => wait.at],
  in_ms: ["float8", ({ wait }) => wait.inMs],
  soft_fail: ["boolean", ({ wait }) => wait.softFail],
  event: ["text", ({ wait }) => wait.event],
  dag_id: ["text", ({ wait }) => wait.dagId],
  task_id: ["text", ({ wait }) => wait.taskId],
  logical_date: ["timestamptz", ({ wait }) => wait.logicalDate],
  queue: ["text", ({ wait }) => wait.way?.queue ?? null],
  weight: ["int", ({ wait }) => wait.way?.weight ?? 1],
  reservations: ["text", ({ wait }) => wait.way?.reservations ?? null],
});

/** When a wait is over: its columns `v.at` and `v.in_ms`, of which one is null. */
export const DUE_AT = `coalesce(v.at, now() + least(v.in_ms, ${LONGEST_MS}) * interval '1 millisecond')`;

// An event, or an answer, that was sent before the wait for it is not lost: the wait is
// over when it begins.
const PUT: Statement = {
  name: "task_wait_put",
  text: `
insert into dagsmith.task_wait (task_instance_id, try_number, run_id, kind, due_at, soft_fail,
  event, dag_id, task_id, logical_date, queue, weight, reservations)
select t.id, t.try_number, t.run_id, v.kind,
  case when exists (
      select from dagsmith.run_event e where e.run_id = t.run_id and e.name = v.event)
      or (v.kind = 'ask' and exists (
        select from dagsmith.question q where q.run_id = t.run_id and q.task_id = t.task_id
          and q.map_index = t.map_index and q.state = 'early')) then now()
    else ${DUE_AT} end,
  v.soft_fail, v.event, v.dag_id, v.task_id,
  case when v.dag_id is not null then coalesce(v.logical_date, r.logical_date) end,
  v.queue, v.weight, v.reservations
from ${WAITS.as("v")}
join dagsmith.task_instance t on t.id = v.id
join dagsmith.dag_run r on r.id = t.run_id
on conflict (task_instance_id) do update set
  try_number = excluded.try_number, kind = excluded.kind, due_at = excluded.due_at,
  soft_fail = excluded.soft_fail, event = excluded.event, dag_id = excluded.dag_id,
  task_id = excluded.task_id, logical_date = excluded.logical_date, queue = excluded.queue, weight = excluded.weight, reservations = excluded.reservations`,
};

const WAITING = rowsOf<NewInstance>(NEW_INSTANCE);

// A cleared instance keeps its row, with the history of its tries.
const INSERT_WAITING: Statement = {
  name: "task_instance_insert_waiting",
  text: `
${createOrRecreate(`from ${WAITING.as("v")}`)}
returning id, run_id, task_id, map_index`,
};

/** Writes the waits of instances. */
export async function putWaits(db: Queryable, waits: readonly InstanceWait[]): Promise<void> {
  if (waits.length === 0) return;
  await db.query(PUT, WAITS.values(waits));
  await putCalls(
    db,
    waits.flatMap(({ id, wait: { call } }) => (call === null ? [] : [{ id, call }])),
  );
  await putQuestions(
    db,
    waits.flatMap(({ id, wait: { ask } }) => (ask === null ? [] : [{ id, ask }])),
  );
}

/** The waits of the transitions that took place. */
export function waitsOf(
  transitions: readonly Transition[],
  moved: readonly { readonly id: number }[],
): readonly InstanceWait[] {
  const waiting = transitions.flatMap(({ instanceId, wait }) =>
    wait === null ? [] : [{ id: instanceId, wait }],
  );
  if (waiting.length === 0) return [];
  const ids = new Set(moved.map(({ id }) => id));
  return waiting.filter(({ id }) => ids.has(id));
}

/**
 * Creates instances that wait before their first try, and groups that have a time limit.
 */
export async function insertWaiting(
  db: Queryable,
  instances: readonly NewInstance[],
): Promise<void> {
  if (instances.length === 0) return;
  const key = (runId: number, taskId: string, mapIndex: number): string =>
    `${runId} ${taskId} ${mapIndex}`;
  const waitOf = new Map(
    instances.map(({ runId, taskId, mapIndex, wait }) => [key(runId, taskId, mapIndex), wait]),
  );
  const made = await db.query<{ id: number; run_id: number; task_id: string; map_index: number }>(
    INSERT_WAITING,
    WAITING.values(instances),
  );
  await putWaits(
    db,
    made.flatMap((row) => {
      const wait = waitOf.get(key(row.run_id, row.task_id, row.map_index));
      return wait ? [{ id: row.id, wait }] : [];
    }),
  );
}

/** A wait that is over, or that can be checked. */
export interface FoundWait {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly lostTries: number;
  readonly clearedTries: number;
  /** Since the start of the instance's first try. */
  readonly elapsedMs: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly kind: WaitKind;
  readonly softFail: boolean;
  readonly event: string | null;
  readonly awaitedDagId: string | null;
  readonly awaitedTaskId: string | null;
}

const FOUND = `w.task_instance_id as "instanceId", w.try_number as "tryNumber", t.lost_tries as "lostTries",
  t.cleared_tries as "clearedTries",
  coalesce(extract(epoch from now() - t.first_started_at) * 1000, 0)::float8 as "elapsedMs", w.run_id as "runId",
  t.task_id as "taskId", t.map_index as "mapIndex", w.kind, w.soft_fail as "softFail", w.event,
  w.dag_id as "awaitedDagId", w.task_id as "awaitedTaskId"`;

// A run that a frozen transaction holds is left for a later pass: the waits of other runs
// must not wait for it.
const DUE: Statement = {
  name: "task_wait_due",
  text: `
select ${FOUND}, coalesce(e.value, q.answer)::text as sent, q.otherwise::text as otherwise
from dagsmith.task_wait w
join dagsmith.task_instance t on t.id = w.task_instance_id
join dagsmith.dag_run r on r.id = w.run_id
left join dagsmith.run_event e on e.run_id = w.run_id and e.name = w.event
left join lateral (
  select q.answer, q.otherwise from dagsmith.question q
  where w.kind = 'ask' and q.run_id = w.run_id and q.task_id = t.task_id
    and q.map_index = t.map_index offset 0
) q on true
where w.due_at <= now() and w.kind <> 'poke' order by w.due_at limit $1
for no key update of r skip locked`,
};

const OF_EVENT: Statement = {
  name: "task_wait_of_event",
  text: `
select ${FOUND} from dagsmith.task_wait w
join dagsmith.task_instance t on t.id = w.task_instance_id
where w.run_id = $1 and w.event = $2 and w.kind = 'event'`,
};

// Of several runs with one logical date the best one counts: one success is enough, and a
// run that is still running may succeed.
const ENDED_RUNS: Statement = {
  name: "task_wait_ended_runs",
  text: `
select ${FOUND}, awaited.run_id as "awaitedRunId", awaited.verdict
from dagsmith.task_wait w
join dagsmith.task_instance t on t.id = w.task_instance_id
cross join lateral (
  select r.run_id,
    case
      when w.task_id is null
        then case r.state when 'success' then 'success' when 'failed' then 'failed' end
      when i.instances = 0 then case when r.state in ('success', 'failed') then 'failed' end
      when i.open > 0 then null
      when i.bad > 0 then 'failed'
      when i.good > 0 then 'success'
      else 'skipped'
    end as verdict
  from dagsmith.dag_run r
  cross join lateral (
    select count(*) as instances, count(*) filter (where finished_at is null) as open,
      count(*) filter (where state in ('failed', 'upstream_failed')) as bad,
      count(*) filter (where state = 'success') as good
    from dagsmith.task_instance of_task where of_task.run_id = r.id and of_task.task_id = w.task_id
  ) i
  where r.dag_id = w.dag_id and r.logical_date = w.logical_date and r.deleting_since is null
) awaited
where w.kind = 'run'
order by w.task_instance_id,
  case awaited.verdict when 'success' then 1 when 'skipped' then 3 when 'failed' then 4 else 2 end`,
};

/** A wait, named by its try. */
type WaitRef = Pick<FoundWait, "instanceId" | "tryNumber" | "kind">;

const REFS = rowsOf<WaitRef>({
  id: ["bigint", ({ instanceId }) => instanceId],
  try_number: ["int", ({ tryNumber }) => tryNumber],
  kind: ["text", ({ kind }) => kind],
});

// The kind is compared too: after the end of a wait the same try may wait for something
// else.
const DELETE: Statement = {
  name: "task_wait_delete",
  text: `
delete from dagsmith.task_wait w using ${REFS.as("v")}
where w.task_instance_id = v.id and w.try_number = v.try_number and w.kind = v.kind`,
};

// A wait that a person ended leaves its row behind. "offset 0" keeps this a look into the
// primary key, whatever statistics say.
const SWEEP: Statement = {
  name: "task_wait_sweep",
  text: `
delete from dagsmith.task_wait where ctid = any(array(
  select w.ctid from dagsmith.task_wait w where exists (
    select from dagsmith.task_instance t
    where t.id = w.task_instance_id and (t.try_number <> w.try_number or not case w.kind
      when 'group_timeout' then t.state = 'running' when 'group_retry' then t.state = 'up_for_retry'
      else t.state in ('up_for_reschedule', 'deferred') end)
    offset 0)
  for update of w skip locked))`,
};

const NEXT_DUE: Statement = {
  name: "task_wait_next_due",
  text: `
select extract(epoch from min(due_at) - now())::float8 * 1000 as ms from dagsmith.task_wait`,
};

/** A wait whose time has come. */
export interface DueWait extends FoundWait {
  /** The event or the answer, as JSON text; null: there is none. */
  readonly sent: string | null;
  /** The answer of a question that got none, as JSON text; null: there is none. */
  readonly otherwise: string | null;
}

/**
 * Due waits of runs that no other transaction holds, without those of sensors. Locks
 * these runs when `db` is a transaction.
 */
export function dueWaits(db: Queryable, limit: number): Promise<readonly DueWait[]> {
  return db.query<DueWait & Record<string, unknown>>(DUE, [limit]);
}

/** Waits for a run or a task that has ended, with its result. */
export async function endedRunWaits(db: Queryable): Promise<
  readonly (FoundWait & {
    readonly awaitedRunId: string;
    readonly verdict: "success" | "failed" | "skipped";
  })[]
> {
  type Row = FoundWait & {
    readonly awaitedRunId: string;
    readonly verdict: "success" | "failed" | "skipped" | null;
  };
  const rows = await db.query<Row & Record<string, unknown>>(ENDED_RUNS);
  const best = [...Map.groupBy(rows, ({ instanceId }) => instanceId).values()].flatMap(
    ([first]) => first ?? [],
  );
  return best.flatMap((row) => (row.verdict === null ? [] : [{ ...row, verdict: row.verdict }]));
}

/** The waits of a run for an event. */
export function waitsForEvent(
  db: Queryable,
  runId: number,
  event: string,
): Promise<readonly FoundWait[]> {
  return db.query<FoundWait & Record<string, unknown>>(OF_EVENT, [runId, event]);
}

/** Deletes waits that are over. */
export async function deleteWaits(db: Queryable, waits: readonly WaitRef[]): Promise<void> {
  if (waits.length > 0) await db.query(DELETE, REFS.values(waits));
}

/** Deletes the waits of instances that no longer wait. */
export async function sweepWaits(db: Queryable): Promise<void> {
  await db.query(SWEEP);
}

/**
 * Milliseconds until the next wait is over, negative when it is late; null: no instance
 * waits.
 */
export async function nextWaitInMs(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ ms: number | null }>(NEXT_DUE);
  return row?.ms ?? null;
}

const PUT_EVENT: Statement = {
  name: "run_event_put",
  text: `
insert into dagsmith.run_event (run_id, name, value) values ($1, $2, $3)
on conflict (run_id, name) do update set value = excluded.value, at = now()`,
};

/**
 * Stores an event of a run for tasks that wait for it now or later. @param json its value
 */
export async function putEvent(
  db: Queryable,
  runId: number,
  name: string,
  json: string,
): Promise<void> {
  await db.query(PUT_EVENT, [runId, name, json]);
}

/**
 * The columns of a wait `w`, for statements that read the instance `t` with its wait. A
 * step that sleeps ends at the time of the wait.
 */
export const WAIT_COLUMNS = `w.kind as "waitKind", w.due_at as "waitDueAt", w.event as "waitEvent",
  w.dag_id as "waitDagId", w.task_id as "waitTaskId",
  case when w.kind = 'poke' then (
    select s.name from dagsmith.step s
    where s.run_id = t.run_id and s.task_id = t.task_id and s.map_index = t.map_index
      and s.try_number = t.try_number and s.finished_at = w.due_at limit 1) end as "waitStep"`;

/** {@link WAIT_COLUMNS} as they are read; all null for an instance without a wait. */
export interface WaitRow extends Record<string, unknown> {
  readonly waitKind: WaitKind | null;
  readonly waitDueAt: Date | null;
  readonly waitEvent: string | null;
  readonly waitDagId: string | null;
  readonly waitTaskId: string | null;
  readonly waitStep: string | null;
}

export function runningWait({
  waitKind: kind,
  waitDueAt: dueAt,
  waitEvent,
  waitDagId,
  waitTaskId,
  waitStep,
}: WaitRow): RunningWait | undefined {
  if (kind === null || dueAt === null) return undefined;
  return { kind, dueAt, event: waitEvent, dagId: waitDagId, taskId: waitTaskId, step: waitStep };
}

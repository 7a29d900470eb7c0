/**
 * Steps, with their results and times. A step counts for its instance until the instance
 * is cleared: its try is then one of the cleared tries.
 */
import type { SleepingStep } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { DUE_AT } from "../waits/task_wait.ts";

const KEY = "run_id, task_id, map_index, name";
const COLUMNS = `${KEY}, try_number, result, started_at, finished_at`;

const SLEEPING = rowsOf<SleepingStep>({
  run_id: ["bigint", (one) => one.runId],
  task_id: ["text", (one) => one.taskId],
  map_index: ["int", (one) => one.mapIndex],
  name: ["text", (one) => one.name],
  try_number: ["int", (one) => one.tryNumber],
  at: ["timestamptz", (one) => one.at],
  in_ms: ["float8", (one) => one.inMs],
});

// A step of the same name may be left from before a clear.
const PUT_SLEEPING: Statement = {
  name: "step_put_sleeping",
  text: `
insert into dagsmith.step (${COLUMNS})
select v.run_id, v.task_id, v.map_index, v.name, v.try_number, null, now(), ${DUE_AT}
from ${SLEEPING.as("v")}
on conflict (${KEY}) do update set try_number = excluded.try_number, result = null,
  started_at = excluded.started_at, finished_at = excluded.finished_at`,
};

/**
 * Writes steps that sleep, whose tries this transaction has just moved. Their end is the
 * time at which their tasks run again.
 */
export async function putSleepingSteps(
  db: Queryable,
  steps: readonly SleepingStep[],
): Promise<void> {
  await db.query(PUT_SLEEPING, SLEEPING.values(steps));
}

/** The try that runs a step, and the worker that holds it. */
export interface StepHolder {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly workerId: string;
}

// Guarded by the try: a worker that was declared lost must not begin or finish a step that
// the next try runs.
const HELD = `
from dagsmith.task_instance t
where t.id = $1 and t.try_number = $2 and t.worker_id = $3 and t.state = 'running'
for share of t`;

const BEGIN_HELD: Statement = {
  name: "step_begin_held",
  text: `
insert into dagsmith.step (${COLUMNS})
select t.run_id, t.task_id, t.map_index, $4, t.try_number, null, now(), null ${HELD}
on conflict (${KEY}) do update set try_number = excluded.try_number, result = null,
  started_at = excluded.started_at, finished_at = null
returning 1 as stored`,
};

/** Writes that a step of a running try begins. @returns false when the worker has lost the try */
export function beginHeldStep(db: Queryable, name: string, holder: StepHolder): Promise<boolean> {
  return putHeld(db, BEGIN_HELD, holder, [name]);
}

const END_HELD: Statement = {
  name: "step_end_held",
  text: `
insert into dagsmith.step (${COLUMNS})
select t.run_id, t.task_id, t.map_index, $4, t.try_number, $5::json, now(), now() ${HELD}
on conflict (${KEY}) do update set try_number = excluded.try_number, result = excluded.result,
  finished_at = excluded.finished_at
returning 1 as stored`,
};

/**
 * Writes the end of a step of a running try.
 * @param json its result as JSON text; null for none
 * @returns false when the worker has lost the try
 */
export function endHeldStep(
  db: Queryable,
  { name, json }: { readonly name: string; readonly json: string | null },
  holder: StepHolder,
): Promise<boolean> {
  return putHeld(db, END_HELD, holder, [name, json]);
}

async function putHeld(
  db: Queryable,
  statement: Statement,
  { instanceId, tryNumber, workerId }: StepHolder,
  values: readonly unknown[],
): Promise<boolean> {
  return (await db.query(statement, [instanceId, tryNumber, workerId, ...values])).length > 0;
}

const READ: Statement = {
  name: "step_read",
  text: `
select s.name, s.result::text as json
from dagsmith.task_instance t
join dagsmith.step s
  on s.run_id = t.run_id and s.task_id = t.task_id and s.map_index = t.map_index
  and s.try_number > t.cleared_tries and s.finished_at is not null
where t.id = $1`,
};

/** The steps of an instance that are done: results by name, as JSON text. */
export async function readSteps(
  db: Queryable,
  instanceId: number,
): Promise<Readonly<Record<string, string | null>>> {
  const rows = await db.query<{ name: string; json: string | null }>(READ, [instanceId]);
  return Object.fromEntries(rows.map(({ name, json }) => [name, json]));
}

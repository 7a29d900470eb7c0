/**
 * Results of steps. A step counts for its instance until the instance is cleared: its try
 * is then one of the cleared tries.
 */
import type { StepResult } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

const RESULTS = rowsOf<StepResult>({
  run_id: ["bigint", (one) => one.runId],
  task_id: ["text", (one) => one.taskId],
  map_index: ["int", (one) => one.mapIndex],
  name: ["text", (one) => one.name],
  try_number: ["int", (one) => one.tryNumber],
  result: ["json", (one) => one.json],
});

// A step of the same name may be left from before a clear.
const OVERWRITE = `
on conflict (run_id, task_id, map_index, name) do update
set try_number = excluded.try_number, result = excluded.result, finished_at = now()`;

const PUT: Statement = {
  name: "step_put",
  text: `insert into dagsmith.step (${RESULTS.names}) select * from ${RESULTS.unnest} ${OVERWRITE}`,
};

/** Writes steps whose tries this transaction has just moved. */
export async function putSteps(db: Queryable, steps: readonly StepResult[]): Promise<void> {
  await db.query(PUT, RESULTS.values(steps));
}

/** The try that runs a step, and the worker that holds it. */
export interface StepHolder {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly workerId: string;
}

// Guarded by the try: a worker that was declared lost must not finish a step that the
// next try runs.
const PUT_HELD: Statement = {
  name: "step_put_held",
  text: `
insert into dagsmith.step (${RESULTS.names})
select t.run_id, t.task_id, t.map_index, $2, t.try_number, $3::json
from dagsmith.task_instance t
where t.id = $1 and t.try_number = $4 and t.worker_id = $5 and t.state = 'running'
for share of t
${OVERWRITE}
returning 1 as stored`,
};

/** Writes a step of a running try. @returns false when the worker has lost the try */
export async function putHeldStep(
  db: Queryable,
  { name, json }: Pick<StepResult, "name" | "json">,
  { instanceId, tryNumber, workerId }: StepHolder,
): Promise<boolean> {
  const values = [instanceId, name, json, tryNumber, workerId];
  return (await db.query(PUT_HELD, values)).length > 0;
}

const READ: Statement = {
  name: "step_read",
  text: `
select s.name, s.result::text as json
from dagsmith.task_instance t
join dagsmith.step s
  on s.run_id = t.run_id and s.task_id = t.task_id and s.map_index = t.map_index
  and s.try_number > t.cleared_tries
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

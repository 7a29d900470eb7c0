/**
 * State that outlives runs. A row is a value of a scope (`dag:orders`,
 * `task:orders/load`, `shared:cursors`) under a key; it keeps the values before it,
 * newest first.
 */
import type { Json } from "../../../sdk/json.ts";
import type { StateEntry } from "../../../sdk/task/state_store.ts";
import type { StateChange } from "../../engine/results/outcome.ts";
import type { StateUpdate } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** Earlier values that a row keeps. */
const KEPT_VALUES = 10;
/** Most entries of a list. */
const MOST_LISTED = 1_000;

const UPDATES = rowsOf<StateUpdate>({
  scope: ["text", (one) => one.scope],
  key: ["text", (one) => one.key],
  value: ["json", (one) => one.json],
  run_id: ["bigint", (one) => one.runId],
  task_id: ["text", (one) => one.taskId],
  map_index: ["int", (one) => one.mapIndex],
  try_number: ["int", (one) => one.tryNumber],
});

/** The try that set a value; null for a person. */
const WRITER = "run_id, task_id, map_index, try_number";

/** The row before the change becomes the newest of its earlier values. */
const EARLIER = `(
  select coalesce(json_agg(e.entry order by e.position), '[]')
  from (
    select json_build_object('value', s.value, 'revision', s.revision, 'updatedAt', s.updated_at) as entry,
      0 as position
    union all
    select a.entry, a.position
    from json_array_elements(s.earlier) with ordinality as a (entry, position)
    where a.position < ${KEPT_VALUES}
  ) e)`;

// In the order of their keys, so that two writers of the same keys do not deadlock. Of
// two values of one key, which two tries of a batch set, the later counts.
const changes = (source: string): string => `
given as (
  select distinct on (scope, key) scope, key, value, ${WRITER}
  from ${source} as v (scope, key, value, ${WRITER}, position)
  order by scope, key, position desc
), deleted as (
  delete from dagsmith.state s using given g
  where s.scope = g.scope and s.key = g.key and g.value is null
), written as (
  insert into dagsmith.state as s (scope, key, value, ${WRITER})
  select scope, key, value, ${WRITER} from given where value is not null order by scope, key
  on conflict (scope, key) do update set
    value = excluded.value, revision = s.revision + 1, updated_at = now(),
    run_id = excluded.run_id, task_id = excluded.task_id, map_index = excluded.map_index,
    try_number = excluded.try_number, earlier = ${EARLIER}
)
select count(*)::int as changes from given`;

const PUT: Statement = {
  name: "state_put",
  text: `with ${changes(`${UPDATES.unnest} with ordinality`)}`,
};

// Guarded by the try: a worker that was declared lost must not write into the next try.
const PUT_NOW: Statement = {
  name: "state_put_now",
  text: `
with held as (
  select t.run_id, t.task_id, t.map_index, t.try_number from dagsmith.task_instance t
  where t.id = $4 and t.try_number = $5 and t.worker_id = $6 and t.state = 'running'
  for share of t
), ${changes(`(select $1::text, $2::text, $3::json, ${WRITER}, 1 from held)`)}`,
};

/** Writes the state that successful tries set. */
export async function putState(db: Queryable, updates: readonly StateUpdate[]): Promise<void> {
  await db.query(PUT, UPDATES.values(updates));
}

/**
 * Writes a value at once for a running try.
 * @returns false when the worker has lost the try
 */
export async function putStateNow(
  db: Queryable,
  { scope, key, json }: StateChange,
  held: { readonly instanceId: number; readonly tryNumber: number; readonly workerId: string },
): Promise<boolean> {
  const values = [scope, key, json, held.instanceId, held.tryNumber, held.workerId];
  const [row] = await db.query<{ changes: number }>(PUT_NOW, values);
  return row !== undefined && row.changes > 0;
}

// Of a person: no run sets it.
const SET: Statement = {
  name: "state_set",
  text: `with ${changes(`(values ($1::text, $2::text, $3::json, null::bigint, null::text, null::int, null::int, 1))`)}`,
};

/** Sets a value for a person. */
export async function setState(db: Queryable, { scope, key, json }: StateChange): Promise<void> {
  await db.query(SET, [scope, key, json]);
}

/** Deletes a value. @returns false when there was none */
export async function deleteState(db: Queryable, scope: string, key: string): Promise<boolean> {
  return (await db.query(DELETE, [scope, key])).length > 0;
}

const DELETE: Statement = {
  name: "state_delete",
  text: "delete from dagsmith.state where scope = $1 and key = $2 returning 1 as deleted",
};

const READ: Statement = {
  name: "state_read",
  text: "select value::text as json from dagsmith.state where scope = $1 and key = $2",
};

/** The value as JSON text; null when there is none. */
export async function readState(db: Queryable, scope: string, key: string): Promise<string | null> {
  return (await db.query<{ json: string }>(READ, [scope, key]))[0]?.json ?? null;
}

const LOCK: Statement = {
  name: "state_lock",
  text: "select value::text as json from dagsmith.state where scope = $1 and key = $2 for update",
};

/** As {@link readState}; until the end of the transaction no try changes the value. */
export async function lockState(tx: Queryable, scope: string, key: string): Promise<string | null> {
  return (await tx.query<{ json: string }>(LOCK, [scope, key]))[0]?.json ?? null;
}

const LIST: Statement = {
  name: "state_list",
  text: `
select key, value, revision, updated_at as "updatedAt" from dagsmith.state
where scope = $1 and starts_with(key, $2)
order by key collate "C" limit ${MOST_LISTED}`,
};

interface EntryRow {
  readonly key: string;
  readonly value: Json;
  readonly revision: number;
  readonly updatedAt: Date;
}

/** The values of a scope whose keys begin with `prefix`. */
export async function listState(
  db: Queryable,
  scope: string,
  prefix: string,
): Promise<readonly StateEntry[]> {
  const rows = await db.query<EntryRow>(LIST, [scope, prefix]);
  return rows.map((row) => ({ ...row, updatedAt: row.updatedAt.toISOString() }));
}

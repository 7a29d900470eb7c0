/**
 * How a worker takes tries. Apart from the other moves, because there is a start for each
 * try: a statement that knows its state has a short text, which costs the server less.
 */
import type { InstanceKey } from "../../engine/counts/scope.ts";
import type { ClaimedInstance } from "../../engine/store.ts";
import type { TryRef } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { hasLease } from "../fleet/worker.ts";
import { INSTANCE_KEY } from "./instance_rows.ts";
import { MOVED, type MovedRow, movedOf } from "./moved_instance.ts";
import { move } from "./transition.ts";

const TRIES = rowsOf<TryRef>(
  {
    id: ["bigint", ({ instanceId }) => instanceId],
    try_number: ["int", ({ tryNumber }) => tryNumber],
  },
  2,
);

const NEW_INSTANCES = rowsOf(INSTANCE_KEY, 2);

/**
 * Starts rows of `t` for the worker of the first parameter.
 * @param rows picks them: `from … where t.id = v.id`
 */
const start = (rows: string): string => `
${move("start", {
  workerId: "$1",
  more: { reason: "null", error: "null" },
  rows: `${rows} and ${hasLease("$1")}`,
})}
returning ${MOVED}`;

const START: Statement = {
  name: "task_instance_start",
  text: start(`from ${TRIES.as("v")}\nwhere t.id = v.id and t.try_number = v.try_number`),
};

// By their names: the engine that has just created them does not know their ids.
const START_NEW: Statement = {
  name: "task_instance_start_new",
  text: start(`from ${NEW_INSTANCES.as("v")}
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index`),
};

/**
 * Gives instances to a worker that were created in the same transaction, without jobs.
 * @throws Error when the worker was declared lost: no other worker would start them
 */
export async function startNew(
  tx: Queryable,
  workerId: string,
  created: readonly InstanceKey[],
): Promise<readonly ClaimedInstance[]> {
  if (created.length === 0) return [];
  const rows = await tx.query<MovedRow>(START_NEW, [workerId, ...NEW_INSTANCES.values(created)]);
  if (rows.length < created.length) throw new Error(`worker ${workerId} was declared lost`);
  return rows.map(movedOf);
}

/**
 * Gives tries to a worker. Tries that have moved on are missing in the result; all are
 * when the worker was declared lost.
 */
export async function startTries(
  db: Queryable,
  workerId: string,
  tries: readonly TryRef[],
): Promise<readonly ClaimedInstance[]> {
  if (tries.length === 0) return [];
  return (await db.query<MovedRow>(START, [workerId, ...TRIES.values(tries)])).map(movedOf);
}

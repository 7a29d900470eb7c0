/**
 * Tries that run, with the worker that holds each; and those whose worker is lost or
 * gone.
 */
import { NO_DEATH } from "../../state/lost_try.ts";
import { ENGINE, type TryRef } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/**
 * A condition on the first column of an index that holds for few rows, and that is
 * estimated so. Without statistics an equality alone is taken for one row in 200: of a
 * million rows for 5,000, which set off JIT.
 */
const isOneKey = (column: string, key: string): string =>
  `${column} = ${key} and ${column} between ${key} and ${key} and ${column} = any(array[${key}])`;

/** Lost tries since the last clear that no death ended. */
const SPARED = `(
  select count(*)::int from dagsmith.task_try y
  where ${isOneKey("y.task_instance_id", "t.id")} and y.try_number > t.cleared_tries and y.state = 'lost'
    and y.reason in (${NO_DEATH.map((reason) => `'${reason}'`).join(", ")})) as spared_tries`;

/** What the statements here return of the row `t`. */
const HELD = `t.id, t.run_id, t.task_id, t.map_index, t.try_number, t.lost_tries, t.cleared_tries,
  ${SPARED},
  t.worker_id`;

/** A try that is running. */
const HOLDER: Statement = {
  name: "worker_holder",
  text: `
select ${HELD}, null as hostname, null as pid
from dagsmith.task_instance t where t.id = $1 and t.try_number = $2 and t.state = 'running'`,
};

/** Those instances of the run `r` that run and meet a condition on `i`, as the table `t`. */
const runningOf = (condition: string): string => `(
  -- "offset 0" keeps this a look into the index of one run, whatever statistics say.
  select * from dagsmith.task_instance i
  where ${isOneKey("i.run_id", "r.id")} and i.state = 'running' and ${condition}
  offset 0
) t`;

/** Tries of some runs that a worker holds. */
const HELD_BY: Statement = {
  name: "worker_held_in_runs",
  text: `
select ${HELD}, null as hostname, null as pid
from unnest($2::bigint[]) r (id)
cross join lateral ${runningOf("i.worker_id = $1")}`,
};

// Reads only instances of active runs, so the cost does not grow with history. A run that
// a frozen transaction holds is left for the next pass: its lock must not hold up the
// tries of other runs.
const ORPHANS: Statement = {
  name: "worker_orphans",
  text: `
select ${HELD}, w.hostname, w.pid
from dagsmith.dag_run r
cross join lateral ${runningOf(`i.worker_id <> '${ENGINE}'`)}
left join dagsmith.worker w on w.id = t.worker_id
where r.state = 'running' and (w.id is null or w.state = 'lost')
order by t.id limit $1
for no key update of r skip locked`,
};

/** A try that a worker has claimed. */
export interface HeldTry extends TryRef {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly lostTries: number;
  /** Of the lost tries, those that no death ended. */
  readonly sparedTries: number;
  readonly clearedTries: number;
  readonly workerId: string;
  /** `host, process 123`; the id of the worker when host and process are unknown. */
  readonly holder: string;
}

/** A running try with its worker; undefined when the try is not running. */
export async function holderOf(db: Queryable, ref: TryRef): Promise<HeldTry | undefined> {
  const [row] = await db.query<HeldRow>(HOLDER, [ref.instanceId, ref.tryNumber]);
  return row && heldTry(row);
}

/** The running tries of these runs that a worker holds. */
export async function triesHeldBy(
  db: Queryable,
  workerId: string,
  runIds: readonly number[],
): Promise<readonly HeldTry[]> {
  return (await db.query<HeldRow>(HELD_BY, [workerId, runIds])).map(heldTry);
}

/**
 * Running tries whose worker is lost or gone, up to `limit`. Locks their runs in the
 * transaction `tx`.
 */
export async function lockOrphanedTries(tx: Queryable, limit: number): Promise<readonly HeldTry[]> {
  return (await tx.query<HeldRow>(ORPHANS, [limit])).map(heldTry);
}

interface HeldRow extends Record<string, unknown> {
  id: number;
  run_id: number;
  task_id: string;
  map_index: number;
  try_number: number;
  lost_tries: number;
  spared_tries: number;
  cleared_tries: number;
  worker_id: string;
  hostname: string | null;
  pid: number | null;
}

function heldTry(row: HeldRow): HeldTry {
  return {
    instanceId: row.id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    tryNumber: row.try_number,
    lostTries: row.lost_tries,
    sparedTries: row.spared_tries,
    clearedTries: row.cleared_tries,
    workerId: row.worker_id,
    holder: row.hostname === null ? row.worker_id : `${row.hostname}, process ${row.pid}`,
  };
}

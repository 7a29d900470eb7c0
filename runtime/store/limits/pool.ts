/** Pools: slots that tasks of any DAG share by naming them. */
import { parseReservations, poolOf } from "../../engine/limits/limits.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { HOLDS, WAITS } from "./slot_request.ts";

export interface Pool {
  readonly name: string;
  /** -1 for no limit; 0: closed. */
  readonly slots: number;
  readonly description: string;
}

/** A pool, and what is taken of it. */
export interface PoolUsage extends Pool {
  /** Slots that tries which are queued or running hold. */
  readonly queuedSlots: number;
  readonly runningSlots: number;
  /** Slots that others wait for. */
  readonly waitingSlots: number;
}

const LIST: Statement = {
  name: "pool_list",
  text: "select name, slots, description from dagsmith.pool order by name",
};

// Few lines, however many wait in them; rows of tries that are over count for nothing.
const USED: Statement = {
  name: "pool_used",
  text: `
select p.reservations, case when p.admitted_at is null then 'waiting' else t.state end as use, count(*)::int as places
from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
where case when p.admitted_at is null then ${WAITS} else ${HOLDS} end
group by 1, 2`,
};

const SET: Statement = {
  name: "pool_set",
  text: `
insert into dagsmith.pool (name, slots, description) values ($1, $2, coalesce($3, ''))
on conflict (name) do update set slots = excluded.slots, description = coalesce($3, pool.description), updated_at = now()`,
};

const DELETE: Statement = {
  name: "pool_delete",
  text: "delete from dagsmith.pool where name = $1 returning name",
};

/** All pools with their use, by name. */
export async function listPools(db: Queryable): Promise<readonly PoolUsage[]> {
  const pools = await db.query<Pool & Record<string, unknown>>(LIST);
  const used = await db.query<{
    reservations: string;
    use: "waiting" | "queued" | "running";
    places: number;
  }>(USED);
  return pools.map((pool) => {
    const slots = (use: string): number =>
      used
        .filter((row) => row.use === use)
        .reduce(
          (sum, { reservations, places }) => sum + places * slotsIn(reservations, pool.name),
          0,
        );
    return {
      ...pool,
      queuedSlots: slots("queued"),
      runningSlots: slots("running"),
      waitingSlots: slots("waiting"),
    };
  });
}

function slotsIn(reservations: string, pool: string): number {
  return (
    parseReservations(reservations).find((reservation) => poolOf(reservation) === pool)?.slots ?? 0
  );
}

/** Makes a pool, or changes it. @param description null: leave it as it is */
export async function putPool(
  db: Queryable,
  name: string,
  slots: number,
  description: string | null,
): Promise<void> {
  await db.query(SET, [name, slots, description]);
}

/** @returns false when there was none */
export async function removePool(db: Queryable, name: string): Promise<boolean> {
  return (await db.query(DELETE, [name])).length > 0;
}

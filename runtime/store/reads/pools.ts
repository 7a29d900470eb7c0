/** Pools as people see them: each with the slots that tries hold and wait for. */
import { parseReservations, poolOf } from "../../engine/limits/limits.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { HOLDS, WAITS } from "../limits/slot_request.ts";

interface Pool {
  readonly name: string;
  /** -1: no limit; 0: closed. */
  readonly slots: number;
  readonly description: string;
  /** Counts changes, from 1. */
  readonly version: number;
}

/** A pool with the use of its slots. */
export interface PoolUsage extends Pool {
  /** Slots that queued tries hold. */
  readonly queuedSlots: number;
  /** Slots that running tries hold. */
  readonly runningSlots: number;
  /** Slots that tries wait for. */
  readonly waitingSlots: number;
}

const LIST: Statement = {
  name: "pool_list",
  text: "select name, slots, description, version from dagsmith.pool order by name",
};

// The statement returns few rows, however many requests wait. Requests of tries that have
// ended do not count.
const USED: Statement = {
  name: "pool_used",
  text: `
select p.reservations, case when p.admitted_at is null then 'waiting' else t.state end as use, count(*)::int as requests
from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
where case when p.admitted_at is null then ${WAITS} else ${HOLDS} end
group by 1, 2`,
};

/** All pools with their use, by name. */
export async function listPools(db: Queryable): Promise<readonly PoolUsage[]> {
  const pools = await db.query<Pool & Record<string, unknown>>(LIST);
  const used = await db.query<{
    reservations: string;
    use: "waiting" | "queued" | "running";
    requests: number;
  }>(USED);
  return pools.map((pool) => {
    const slots = (use: string): number =>
      used
        .filter((row) => row.use === use)
        .reduce(
          (sum, { reservations, requests }) => sum + requests * slotsIn(reservations, pool.name),
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

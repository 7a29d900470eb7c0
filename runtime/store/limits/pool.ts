/** Pools: slots that tasks of any DAG share by naming them. */
import type { Queryable, Statement } from "../database/database.ts";

const SET: Statement = {
  name: "pool_set",
  text: `
insert into dagsmith.pool (name, slots, description) values ($1, $2, coalesce($3, ''))
on conflict (name) do update set slots = excluded.slots,
  description = coalesce($3, pool.description), updated_at = now()`,
};

const DELETE: Statement = {
  name: "pool_delete",
  text: "delete from dagsmith.pool where name = $1 returning name",
};

/** Creates a pool or changes it. @param description null: no change */
export async function putPool(
  db: Queryable,
  name: string,
  slots: number,
  description: string | null,
): Promise<void> {
  await db.query(SET, [name, slots, description]);
}

/** Deletes a pool. @returns false when there was none */
export async function removePool(db: Queryable, name: string): Promise<boolean> {
  return (await db.query(DELETE, [name])).length > 0;
}

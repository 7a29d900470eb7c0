/** Pools: slots that tasks of any DAG share by naming them. */
import type { Queryable, Statement } from "../database/database.ts";
import { type ExpectedVersion, isExpected } from "../database/expected_version.ts";

const SET: Statement = {
  name: "pool_set",
  text: `
insert into dagsmith.pool (name, slots, description) select $1, $2, coalesce($3, '')
where ${isExpected("pool", "name", 4)}
on conflict (name) do update set slots = excluded.slots,
  description = coalesce($3, pool.description), updated_at = now(), version = pool.version + 1
where $4::int is null or pool.version = $4 returning name`,
};

const DELETE: Statement = {
  name: "pool_delete",
  text: "delete from dagsmith.pool where name = $1 returning name",
};

/**
 * Creates a pool or changes it.
 * @param description null: no change
 * @returns false when the stored version is not the expected one: nothing is changed
 */
export async function putPool(
  db: Queryable,
  name: string,
  slots: number,
  description: string | null,
  expected: ExpectedVersion = null,
): Promise<boolean> {
  return (await db.query(SET, [name, slots, description, expected])).length > 0;
}

/** Deletes a pool. @returns false when there was none */
export async function removePool(db: Queryable, name: string): Promise<boolean> {
  return (await db.query(DELETE, [name])).length > 0;
}

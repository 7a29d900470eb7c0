/** Pools: slots that tasks of any DAG share by naming them. */
import { deleteSetting, firstVersion } from "../access/setting.ts";
import type { Queryable, Statement } from "../database/database.ts";

const SET: Statement = {
  name: "pool_set",
  text: `
insert into dagsmith.pool (name, slots, description, version)
values ($1, $2, coalesce($3, ''), ${firstVersion("pool")})
on conflict (name) do update set slots = excluded.slots,
  description = coalesce($3, pool.description), updated_at = now(), version = pool.version + 1
returning slots, description`,
};

const FIND: Statement = {
  name: "pool_find",
  text: "select slots, description, version from dagsmith.pool where name = $1",
};

const DELETE: Statement = {
  name: "pool_delete",
  text: deleteSetting("pool"),
};

/** A pool as people set it. */
export interface PoolSettings {
  readonly slots: number;
  readonly description: string;
}

/** Undefined when there is none. */
export async function findPool(
  db: Queryable,
  name: string,
): Promise<(PoolSettings & { readonly version: number }) | undefined> {
  type Row = PoolSettings & { readonly version: number } & Record<string, unknown>;
  return (await db.query<Row>(FIND, [name]))[0];
}

/**
 * Creates a pool or changes it.
 * @param description null: no change
 * @returns the pool as it is now
 */
export async function putPool(
  db: Queryable,
  name: string,
  slots: number,
  description: string | null,
): Promise<PoolSettings> {
  type Row = PoolSettings & Record<string, unknown>;
  const [row] = await db.query<Row>(SET, [name, slots, description]);
  return row ?? { slots, description: description ?? "" };
}

/** Deletes a pool. */
export async function removePool(db: Queryable, name: string): Promise<void> {
  await db.query(DELETE, [name]);
}

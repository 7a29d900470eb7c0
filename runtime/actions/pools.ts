/** Creates, changes and deletes pools. Slots are granted again at once. */
import { DagsmithError } from "../../sdk/errors.ts";
import { ROUTE_NAME } from "../../sdk/spec/index.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { findPool, type PoolSettings, putPool, removePool } from "../store/limits/pool.ts";
import { grantSlots } from "../transactions/engine_tx.ts";
import { editSetting } from "./edit_setting.ts";

export interface SetPoolRequest {
  readonly name: string;
  /** -1: no limit; 0: closed, tasks wait until it is opened. */
  readonly slots: number;
  /** Default: unchanged. */
  readonly description?: string;
  /** The version that the editor has read; 0: a new pool. Default: any. */
  readonly version?: number;
  readonly actor: string;
}

const MOST_SLOTS = 1_000_000;

/**
 * Creates a pool, or changes its size. A pool that becomes smaller than its taken slots
 * stops no try: slots become free as tries end.
 * @throws DagsmithError INVALID_ARGUMENT, CHANGED_MEANWHILE
 */
export async function setPool(
  db: Database,
  { name, slots, description, version, actor }: SetPoolRequest,
): Promise<void> {
  if (!ROUTE_NAME.test(name)) invalid("name", 'use 1 to 100 letters, digits, "_", "-" or "."');
  if (!Number.isInteger(slots) || slots < -1 || slots > MOST_SLOTS)
    invalid("slots", `write a whole number from -1 to ${MOST_SLOTS}`);
  await editSetting(db, { kind: "pool", id: name, version }, findRow(name), async (tx, before) => {
    const after = shown(await putPool(tx, name, slots, description ?? null));
    const change = { before: before ? shown(before) : null, after };
    await audit(tx, { actor, action: "set pool", detail: { name }, ...change });
  });
  await grantSlots(db, new Plans());
}

const findRow = (name: string) => (tx: Queryable) => findPool(tx, name);

const shown = ({ slots, description }: PoolSettings) => ({ slots, description });

export interface DeletePoolRequest {
  readonly name: string;
  /** The version that the editor has read. Default: any. */
  readonly version?: number;
  readonly actor: string;
}

/**
 * Deletes a pool. Running tries of it go on. Tasks that name it wait, and `dag why` says
 * so, until it exists again. Without the pool `all` there is no limit for all tasks
 * together.
 * @throws DagsmithError UNKNOWN_POOL, CHANGED_MEANWHILE
 */
export async function deletePool(
  db: Database,
  { name, version, actor }: DeletePoolRequest,
): Promise<void> {
  await editSetting(db, { kind: "pool", id: name, version }, findRow(name), async (tx, before) => {
    if (!before) throw new DagsmithError("UNKNOWN_POOL", { pool: name });
    await removePool(tx, name);
    await audit(tx, { actor, action: "delete pool", detail: { name }, before: shown(before) });
  });
  await grantSlots(db, new Plans());
}

function invalid(argument: string, reason: string): never {
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}

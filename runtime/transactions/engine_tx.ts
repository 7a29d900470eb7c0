/**
 * Runs the engine in a transaction, and grants the slots that the transaction freed or
 * requested.
 */
import { refuseAll } from "../engine/advance/refuse.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { admitWaiting } from "../store/limits/admit.ts";
import { PostgresEngineTx } from "./postgres_engine_tx.ts";

/**
 * Runs work of the engine in one transaction, which is repeated when its connection
 * breaks.
 */
export async function runEngineTransaction<Result>(
  db: Database,
  plans: Plans,
  work: (tx: PostgresEngineTx, on: Queryable) => Promise<Result>,
): Promise<Result> {
  const { result, touchedLimits } = await db.transaction(async (on) => {
    const tx = new PostgresEngineTx(on, plans);
    const result = await work(tx, on);
    return { result, touchedLimits: tx.touchedLimits };
  });
  // The work is committed. Slots that cannot be granted now are granted at the
  // scheduler's next tick.
  if (touchedLimits) await grantSlots(db, plans).catch(() => undefined);
  return result;
}

/** Grants all free slots, and fails the instances that can never get theirs. */
export async function grantSlots(db: Database, plans: Plans): Promise<void> {
  for (;;) {
    const ungrantable = await admitWaiting(db);
    if (ungrantable.length === 0) return;
    const ended = await db.transaction((on) =>
      refuseAll(new PostgresEngineTx(on, plans), ungrantable),
    );
    if (ended === 0) return;
  }
}

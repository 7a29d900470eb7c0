/** A run of which all questions are open, as the engine leaves it. */
import * as actions from "../../runtime/actions/index.ts";
import { completeTries } from "../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../runtime/store/dags/plans.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../runtime/transactions/engine_tx.ts";
import { driverOf, endOf, runnable } from "./engine_driver.ts";

/** @returns the number of the run, which each subject names */
export async function askedRun(db: Database, dagId: string): Promise<number> {
  const { id } = await actions.triggerRun(db, { dagId, actor: "ann" });
  const driver = driverOf(db, new Plans(), id);
  for (const one of runnable(await driver.look())) {
    await driver.take(one);
    const ask = { type: "ask", subject: `<b>${id}</b> ${one.taskId}?`, body: "a\nb" } as const;
    const wait = { ...ask, timeoutMs: 3_600_000, otherwise: null, reminderMs: null };
    const end = endOf(one, { kind: "deferred", wait });
    await runEngineTransaction(db, new Plans(), (tx) => completeTries(tx, [end]));
  }
  return id;
}

/**
 * A process that dies, or loses its connection, anywhere between the end of a try and the
 * giving of its place: no place is lost or given twice.
 */
import { describe, expect, test } from "vitest";
import { cancelRun, setPool, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { listPools } from "../../../runtime/store/reads/pools.ts";
import { grantSlots, runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import { driverOf, endOf, play, runnable, statesOf, success } from "../../support/engine_driver.ts";
import { allowing, atEveryStatement } from "../../support/every_statement.ts";
import { known, migratedDatabase } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

let last = 0;
/**
 * A pool of two slots of its own, and a run of four items in it, under a rate that never
 * runs out.
 */
async function crowded(
  slots = 2,
): Promise<{ readonly dagId: string; readonly id: number; readonly pool: string }> {
  const [dagId, pool] = [`limits_crash_${++last}`, `pool_${last}`];
  await setPool(postgres.db, { name: pool, slots, ...me });
  const d = dag(dagId) as unknown as Dag<unknown>;
  d.task(
    "each",
    { each: [1, 2, 3, 4], pool, rateLimit: { key: pool, limit: 100, per: "1h" } },
    () => null,
  );
  await known(postgres.db, describeDag(d));
  return { dagId, pool, id: (await triggerRun(postgres.db, { dagId, ...me })).id };
}

async function takenOf(pool: string): Promise<number> {
  const found = (await listPools(postgres.db)).find(({ name }) => name === pool);
  return found!.queuedSlots + found!.runningSlots;
}

const WHOLE = {
  "each[0]": "success",
  "each[1]": "success",
  "each[2]": "success",
  "each[3]": "success",
};

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a process that %s", (_how, failing) => {
  test("while it ends tries that leave places to others", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const { dagId, id, pool } = await crowded();
      const ends = runnable(await driver(id).look());
      for (const instance of ends) await driver(id).take(instance);
      return {
        dagId,
        run: (db) =>
          runEngineTransaction(db, new Plans(), (tx) =>
            completeTries(
              tx,
              ends.map((instance) => endOf(instance, success())),
            ),
          ),
        check: async () => {
          await tick(postgres.db, new Plans());
          expect(await takenOf(pool)).toBe(2);
          expect(statesOf(await play(driver(id)))).toEqual(WHOLE);
          expect(await takenOf(pool)).toBe(0);
        },
      };
    });
    expect(statements).toBeGreaterThan(12);
  });

  test("while it gives places", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const { dagId, id, pool } = await crowded(0);
      await postgres.db.query(
        { name: "", text: "update dagsmith.pool set slots = 3 where name = $1" },
        [pool],
      );
      return {
        dagId,
        run: (db) => grantSlots(db, new Plans()),
        check: async () => {
          expect(await takenOf(pool)).toBe(3);
          expect(statesOf(await play(driver(id)))).toEqual(WHOLE);
        },
      };
    });
    expect(statements).toBeGreaterThan(9);
  });

  test("while it cancels a run that holds places and waits for more", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const { dagId, id, pool } = await crowded();
      const next = await triggerRun(postgres.db, { dagId, ...me });
      return {
        dagId,
        run: (db) => cancelRun(db, { id, ...me }).catch(allowing("RUN_FINISHED")),
        check: async () => {
          await tick(postgres.db, new Plans());
          expect((await driver(id).look()).run).toBe("failed");
          expect(await takenOf(pool)).toBe(2);
          expect(statesOf(await play(driver(next.id)))).toEqual(WHOLE);
        },
      };
    });
  });
});

/**
 * Groups that have an instance, with a process that dies before any statement: each
 * begins, ends, is retried or stops once, and completely.
 */
import { describe, expect, test } from "vitest";
import { cancelTask, clearRuns, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { endWaits } from "../../../runtime/scheduler/jobs/end_waits.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { dyingAt } from "../../support/crashing_database.ts";
import {
  type Driver,
  driverOf,
  endOf,
  failed,
  play,
  runnable,
  type Script,
  scripted,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { allowing, atEveryStatement } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const me = { actor: "ann" };

let lastDag = 0;
/**
 * A run of `list`, then `g` over it with a retry, an hour, and two elements at once, then
 * `after`.
 */
async function begun(): Promise<{
  readonly dagId: string;
  readonly id: number;
  readonly driver: Driver;
}> {
  lastDag += 1;
  const d = dag(`group_crash_${lastDag}`);
  const list = d.task("list", async (): Promise<number[]> => []);
  const options = {
    each: list,
    maxActive: 2,
    retries: 1,
    retryDelay: "1h",
    executionTimeout: "2h",
  } as const;
  const g = d.group("g", options, (h) => chain(h.task("a", work), h.task("b", work)));
  chain(g, d.task("after", work));
  const spec = describeDag(d as Dag<unknown>);
  await known(postgres.db, spec);
  const { id } = await triggerRun(postgres.db, { dagId: spec.dagId, ...me });
  return { dagId: spec.dagId, id, driver: driverOf(postgres.db, new Plans(), id) };
}

const script = (outcomes: Parameters<typeof scripted>[0] = {}): Script =>
  scripted({ list: success([1, 2, 3]), ...outcomes });

/**
 * Takes and ends what there is until a task of this name can be taken, and takes that.
 */
async function takenAt(driver: Driver, taskId: string, mapIndex: number, outcomes = {}) {
  for (;;) {
    const choice = runnable(await driver.look());
    const wanted = choice.find((one) => one.taskId === taskId && one.mapIndex === mapIndex);
    const next = wanted ?? choice[0];
    if (!next) throw new Error(`${taskId}[${mapIndex}] cannot be taken`);
    await driver.take(next);
    if (wanted) return next;
    await driver.complete([endOf(next, script(outcomes)(next))]);
  }
}

/** What a run comes to, with the tries of its groups. */
async function finish(driver: Driver, outcomes = {}) {
  for (let left = 5; left > 0; left--) {
    const end = await play(driver, script(outcomes));
    if (end.run !== "running") return end;
    await driver.passTime();
  }
  throw new Error("the run does not end");
}

async function makeDue(id: number, kind: "group_retry" | "group_timeout"): Promise<void> {
  await rows(
    postgres.db,
    "update dagsmith.task_wait set due_at = now() where run_id = $1 and kind = $2",
    [id, kind],
  );
}

const saying = (driver: Driver, ends: Parameters<Driver["complete"]>[0]) => (db: Database) =>
  runEngineTransaction(db, new Plans(), (tx) => completeTries(tx, ends)).then(() => driver.look());

describe("a process that dies", () => {
  test("while a mapped group begins", async () => {
    const statements = await atEveryStatement(postgres.db, dyingAt, async () => {
      const { dagId, driver } = await begun();
      const list = await takenAt(driver, "list", -1);
      return {
        dagId,
        run: saying(driver, [endOf(list, success([1, 2, 3]))]),
        check: async () => {
          expect(statesOf(await driver.look())).toMatchObject({
            "g[0]": "running",
            "g[1]": "running",
            "g[2]": "scheduled",
            "g.a[0]": "queued",
          });
          expect(await finish(driver)).toMatchObject({ run: "success", openTasks: 0 });
        },
      };
    });
    expect(statements).toBeGreaterThan(5);
  });

  test("while the last task of an element ends, which lets the next element begin", async () => {
    await atEveryStatement(postgres.db, dyingAt, async () => {
      const { dagId, driver } = await begun();
      const last = await takenAt(driver, "g.b", 0);
      return {
        dagId,
        run: saying(driver, [endOf(last, success())]),
        check: async () => {
          expect(statesOf(await driver.look())).toMatchObject({
            "g[0]": "success",
            "g[2]": "running",
          });
          expect(await finish(driver)).toMatchObject({ run: "success", openTasks: 0 });
        },
      };
    });
  });

  test("while an element fails and is to be tried again, and while its time comes", async () => {
    await atEveryStatement(postgres.db, dyingAt, async () => {
      const { dagId, id, driver } = await begun();
      const last = await takenAt(driver, "g.b", 0);
      return {
        dagId,
        run: async (db) => {
          await saying(driver, [endOf(last, failed(false))])(db);
          await makeDue(id, "group_retry");
          await endWaits(db, new Plans());
        },
        check: async () => {
          const end = await finish(driver);
          expect(end).toMatchObject({ run: "success", openTasks: 0 });
          expect(
            end.instances.find(({ taskId, mapIndex }) => taskId === "g" && mapIndex === 0)
              ?.tryNumber,
          ).toBe(2);
        },
      };
    });
  });

  test("while the time of groups is up", async () => {
    await atEveryStatement(postgres.db, dyingAt, async () => {
      const { dagId, id, driver } = await begun();
      await takenAt(driver, "g.b", 0);
      await makeDue(id, "group_timeout");
      return {
        dagId,
        run: (db) => endWaits(db, new Plans()),
        check: async () => {
          expect(statesOf(await driver.look())).toMatchObject({
            "g[0]": "up_for_retry",
            "g[1]": "up_for_retry",
            "g[2]": "scheduled",
          });
          await makeDue(id, "group_retry");
          await endWaits(postgres.db, new Plans());
          expect(await finish(driver)).toMatchObject({ run: "success", openTasks: 0 });
        },
      };
    });
  });

  test("while a person stops a group, and clears it", async () => {
    await atEveryStatement(postgres.db, dyingAt, async () => {
      const { dagId, id, driver } = await begun();
      await takenAt(driver, "g.a", 0);
      return {
        dagId,
        run: async (db) => {
          await cancelTask(db, { id, taskId: "g", ...me }).catch(allowing("TASK_NOT_ACTIVE"));
          await clearRuns(db, { of: { run: id }, taskId: "g", downstream: true, ...me }).catch(
            allowing("NOTHING_TO_CLEAR"),
          );
        },
        check: async () => {
          // A run that was cleared before the death waits for a scheduler.
          await tick(postgres.db, new Plans());
          expect(await finish(driver)).toMatchObject({ run: "success", openTasks: 0 });
        },
      };
    });
  });
});

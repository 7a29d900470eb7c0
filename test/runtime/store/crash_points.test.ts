/**
 * A process that dies, or loses its connection, before any statement of an operation:
 * what it leaves is whole, and doing the operation again brings what one undisturbed
 * would have brought. Nothing twice, nothing lost, one token for each instance that waits
 * for one.
 */

import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { cancelRun, deployFolder, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { rescueOrphans } from "../../../runtime/scheduler/jobs/rescue_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { dagsWithDependsOnPastWaits } from "../../../runtime/store/waits/depends_on_past_wait.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { releaseDependsOnPast } from "../../../runtime/transactions/release_depends_on_past.ts";
import { afterTransaction } from "../../../runtime/transactions/run_ends.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import {
  driverOf,
  endOf,
  failed,
  play,
  runnable,
  type Snapshot,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { allowing, atEveryStatement, expectSoundQueue } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const me = { actor: "ann" };

let lastDag = 0;
function spec(options: DagOptions, declare: (d: Dag<unknown>) => void): DagSpec {
  lastDag += 1;
  const d = dag(`crash_${lastDag}`, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

/**
 * A list, a mapped task of which two may run at once and each is retried once, a join,
 * and a place.
 */
const graph = (options: DagOptions = {}): DagSpec =>
  spec(options, (d) => {
    const list = d.task("list", async (): Promise<number[]> => []);
    const each = d.task("each", { each: list, maxActive: 2, retries: 1, retryDelay: "0s" }, work);
    const fixed = d.task("fixed", { each: [1, 2, 3], maxActive: 1 }, work);
    const join = d.task("join", { triggerRule: "all_done" }, work);
    chain(each, join);
    chain(fixed, join);
    chain(join, d.empty("end"));
  });

/** What the graph comes to when its list has three items. */
const WHOLE = {
  ...{ list: "success", "each[0]": "success", "each[1]": "success", "each[2]": "success" },
  ...{
    "fixed[0]": "success",
    "fixed[1]": "success",
    "fixed[2]": "success",
    join: "success",
    end: "success",
  },
};

const driver = (id: number) => driverOf(postgres.db, new Plans(), id);
const finish = (id: number): Promise<Snapshot> =>
  play(driver(id), ({ taskId }) => (taskId === "list" ? success([1, 2, 3]) : success()));

const runsOf = (dagId: string) =>
  rows<{ id: number; run_id: string; state: string }>(
    postgres.db,
    "select id, run_id, state from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a process that %s", (_how, failing) => {
  test("while it triggers a run", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = graph();
      await known(postgres.db, one);
      const { dagId } = one;
      return {
        dagId,
        run: (db) =>
          triggerRun(db, { dagId, logicalDate: "2026-01-01", ...me }).catch(allowing("RUN_EXISTS")),
        check: async () => {
          await tick(postgres.db, new Plans());
          const [run, ...more] = await runsOf(dagId);
          expect(more).toEqual([]);
          expect(statesOf(await finish(run!.id))).toEqual(WHOLE);
          await expectSoundQueue(postgres.db, dagId);
        },
      };
    });
    expect(statements).toBeGreaterThan(8);
  });

  test("while it ends tries that expand a list, let others go, and are tried again", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = graph();
      await known(postgres.db, one);
      const { id } = await triggerRun(postgres.db, { dagId: one.dagId, ...me });
      const first = runnable(await driver(id).look());
      for (const instance of first) await driver(id).take(instance);
      const plans = new Plans();
      const ends = first.map((instance) =>
        endOf(instance, instance.taskId === "list" ? success([1, 2, 3]) : success()),
      );
      return {
        dagId: one.dagId,
        run: (db) => runEngineTransaction(db, plans, (tx) => completeTries(tx, ends)),
        check: async () => {
          const again = runnable(await driver(id).look()).filter(({ taskId }) => taskId === "each");
          for (const instance of again) await driver(id).take(instance);
          await driver(id).complete(again.map((instance) => endOf(instance, failed())));
          await expectSoundQueue(postgres.db, one.dagId);
          expect(statesOf(await finish(id))).toEqual(WHOLE);
        },
      };
    });
    expect(statements).toBeGreaterThan(7);
  });

  test("while it ends the last try of a run and lets the next run begin", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = spec({ maxActiveRuns: 1 }, (d) => void d.task("a", work));
      const { dagId } = one;
      await known(postgres.db, one);
      const { id } = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-01", ...me });
      const next = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-02", ...me });
      const [a] = runnable(await driver(id).look());
      await driver(id).take(a!);
      return {
        dagId,
        run: async (db) => {
          await runEngineTransaction(db, new Plans(), (tx) =>
            completeTries(tx, [endOf(a!, success())]),
          );
          await startQueuedRuns(db, new Plans(), [dagId]);
        },
        check: async () => {
          expect((await runsOf(dagId)).map(({ state }) => state)).toEqual(["success", "running"]);
          expect((await finish(next.id)).run).toBe("success");
        },
      };
    });
  });

  test("while it ticks", async () => {
    const startDate = DateTime.utc().startOf("day").minus({ days: 5 }).toISO();
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = spec(
        { schedule: "@daily", startDate, catchup: "all", maxActiveRuns: 3 },
        (d) => void d.task("a", work),
      );
      await known(postgres.db, one);
      return {
        dagId: one.dagId,
        run: (db) => tick(db, new Plans()),
        check: async () => {
          for (let done = 0; done < 5; done++) {
            const runs = await runsOf(one.dagId);
            expect(runs).toHaveLength(Math.min(5, done + 3));
            await finish(runs[done]!.id);
            await startQueuedRuns(postgres.db, new Plans(), [one.dagId]);
            await tick(postgres.db, new Plans());
          }
          const all = await runsOf(one.dagId);
          expect([all.length, new Set(all.map(({ run_id }) => run_id)).size]).toEqual([5, 5]);
          expect(all.every(({ state }) => state === "success")).toBe(true);
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it ticks over a DAG that skips, and one that begins with the newest", async () => {
    const startDate = DateTime.utc().startOf("day").minus({ days: 5 }).toISO();
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const last = spec({ schedule: "@daily", startDate }, (d) => void d.empty("a"));
      const newest = spec(
        { schedule: "@daily", startDate, catchup: "all", catchupOrder: "newest", maxActiveRuns: 2 },
        (d) => void d.empty("a"),
      );
      await known(postgres.db, last, newest);
      return {
        dagId: newest.dagId,
        run: (db) => tick(db, new Plans()),
        check: async () => {
          for (let i = 0; i < 4; i++) await tick(postgres.db, new Plans());
          const ids = (await runsOf(newest.dagId)).map(({ run_id }) => run_id);
          expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
          expect(await runsOf(last.dagId)).toHaveLength(1);
          const decisions = await rows<{ dag_id: string; decision: string; count: number }>(
            postgres.db,
            "select dag_id, decision, count from dagsmith.schedule_decision where dag_id = any($1) order by dag_id = $2, logical_date",
            [[last.dagId, newest.dagId], newest.dagId],
          );
          expect(decisions.map(({ decision, count }) => [decision, count])).toEqual([
            ["skipped", 4],
            ...Array(6).fill(["run", 1]),
          ]);
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it cancels a run", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = graph({ maxActiveRuns: 1 });
      const { dagId } = one;
      await known(postgres.db, one);
      const { id } = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-01", ...me });
      const next = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-02", ...me });
      const [first] = runnable(await driver(id).look());
      await driver(id).take(first!);
      return {
        dagId,
        run: (db) => cancelRun(db, { id, ...me }).catch(allowing("RUN_FINISHED")),
        check: async () => {
          await tick(postgres.db, new Plans());
          const { run, instances } = await driver(id).look();
          expect([run, instances.map(({ state }) => state)]).toEqual([
            "failed",
            ["failed", "skipped", "skipped", "skipped"],
          ]);
          expect(
            await rows(
              postgres.db,
              "select from dagsmith.audit where dag_id = $1 and action = 'cancel'",
              [dagId],
            ),
          ).toHaveLength(1);
          expect(statesOf(await finish(next.id))).toEqual(WHOLE);
        },
      };
    });
  });

  test("while it rescues the tries of a dead worker", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = graph();
      await known(postgres.db, one);
      const { id } = await triggerRun(postgres.db, { dagId: one.dagId, ...me });
      const first = runnable(await driver(id).look());
      for (const instance of first) await driver(id).take(instance, "a worker that is gone");
      return {
        dagId: one.dagId,
        run: (db) => rescueOrphans(db, new Plans()),
        check: async () => {
          const { instances } = await driver(id).look();
          const rescued = instances.filter(({ state }) => state === "queued");
          expect(rescued.map(({ tryNumber, lostTries }) => [tryNumber, lostTries])).toEqual(
            first.map(() => [2, 1]),
          );
          const history = await rows<{ state: string; reason: string }>(
            postgres.db,
            "select state, reason from dagsmith.task_try where task_instance_id = any($1)",
            [first.map((instance) => instance.id)],
          );
          expect(history).toEqual(
            first.map(() => ({ state: "lost", reason: "the worker died (a worker that is gone)" })),
          );
          expect(statesOf(await finish(id))).toEqual(WHOLE);
        },
      };
    });
  });

  test("while it ends a task that the next run waits for", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = spec({ defaults: { dependsOnPast: true } }, (d) =>
        chain(d.task("a", work), d.empty("b")),
      );
      const { dagId } = one;
      await known(postgres.db, one);
      const first = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-01", ...me });
      const second = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-02", ...me });
      const [waiting] = runnable(await driver(first.id).look());
      await driver(first.id).take(waiting!);
      return {
        dagId,
        run: async (db) => {
          const completed = await runEngineTransaction(db, new Plans(), (tx) =>
            completeTries(tx, [endOf(waiting!, success())]),
          );
          await afterTransaction(db, new Plans(), completed);
        },
        check: async () => {
          // After a death between the two the scheduler does the second.
          await releaseDependsOnPast(
            postgres.db,
            new Plans(),
            await dagsWithDependsOnPastWaits(postgres.db),
          );
          expect(statesOf(await driver(first.id).look())).toEqual({ a: "success", b: "success" });
          expect(statesOf(await driver(second.id).look())).toEqual({ a: "queued" });
          expect(statesOf(await play(driver(second.id)))).toEqual({ a: "success", b: "success" });
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it ends a run that takes too long", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = spec(
        { dagRunTimeout: "1m", maxActiveRuns: 1, maxConsecutiveFailedDagRuns: 2 },
        (d) => chain(d.task("a", { each: [1, 2], maxActive: 1 }, work), d.task("b", work)),
      );
      const { dagId } = one;
      await known(postgres.db, one);
      const { id } = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-01", ...me });
      const next = await triggerRun(postgres.db, { dagId, logicalDate: "2026-01-02", ...me });
      await rows(postgres.db, "update dagsmith.dag_run set timeout_at = now() where id = $1", [id]);
      return {
        dagId,
        run: (db) => endOverdueRuns(db, new Plans()),
        check: async () => {
          await tick(postgres.db, new Plans());
          const { run, instances } = await driver(id).look();
          expect([run, instances.map(({ state }) => state)]).toEqual([
            "failed",
            ["skipped", "skipped"],
          ]);
          expect((await play(driver(next.id))).run).toBe("success");
        },
      };
    });
  });

  test("while it deploys", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const [first, second] = [graph(), graph()];
      const both = [versionOf(first), versionOf(second)];
      const others = (
        await rows<{ file: string }>(postgres.db, "select distinct file from dagsmith.dag_version")
      ).map(({ file }) => file);
      const errors = others.map((file) => ({
        file,
        line: null,
        code: "IMPORT_FAILED",
        message: "no",
        stack: null,
      }));
      const stored = async (): Promise<number> =>
        (
          await rows(postgres.db, "select from dagsmith.dag where dag_id = any($1)", [
            both.map(({ dagId }) => dagId),
          ])
        ).length;
      return {
        dagId: first.dagId,
        run: async (db) => {
          await deployFolder(db, { versions: both, errors }, me).finally(async () =>
            expect([0, 2]).toContain(await stored()),
          );
        },
        check: async () => {
          const versions = await rows(
            postgres.db,
            "select number from dagsmith.dag_version where dag_id = any($1)",
            [both.map(({ dagId }) => dagId)],
          );
          expect(versions).toEqual([{ number: 1 }, { number: 1 }]);
          expect(
            await rows(postgres.db, "select from dagsmith.audit where dag_id = $1", [first.dagId]),
          ).toHaveLength(1);
        },
      };
    });
  });
});

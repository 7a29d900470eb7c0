/**
 * A process that dies, or loses its connection, before any statement of a backfill, a
 * clear or a mark: nothing twice, nothing lost.
 */
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import {
  cancelBackfill,
  clearRuns,
  createBackfill,
  markTask,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { findBackfill } from "../../../runtime/store/reads/backfills.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import {
  driverOf,
  failed,
  play,
  type Snapshot,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { allowing, atEveryStatement, expectSoundQueue } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const me = { actor: "ann" };
const today = DateTime.utc().startOf("day");
const daysAgo = (days: number): string => today.minus({ days }).toISO();

let lastDag = 0;
function graph(options: DagOptions = {}): DagSpec {
  lastDag += 1;
  const d = dag(`again_${lastDag}`, options) as unknown as Dag<unknown>;
  const list = d.task("list", async (): Promise<number[]> => []);
  const each = d.task("each", { each: list, maxActive: 1 }, work);
  chain(each, d.task("after", work));
  return describeDag(d);
}
const WHOLE = { list: "success", "each[0]": "success", "each[1]": "success", after: "success" };

const finish = (id: number): Promise<Snapshot> =>
  play(driverOf(postgres.db, new Plans(), id), ({ taskId }) =>
    taskId === "list" ? success([1, 2]) : success(),
  );
const runsOf = (dagId: string) =>
  rows<{ id: number; run_id: string; state: string }>(
    postgres.db,
    "select id, run_id, state from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );

/** Ticks and ends runs until none goes on. */
async function toTheEnd(dagId: string): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await tick(postgres.db, new Plans());
    const active = (await runsOf(dagId)).filter(({ state }) => state === "running");
    if (active.length === 0) return;
    for (const { id } of active) await finish(id);
    await startQueuedRuns(postgres.db, new Plans(), [dagId]);
  }
  throw new Error("it does not end");
}

async function failedRun(dagId: string): Promise<number> {
  const { id } = await triggerRun(postgres.db, { dagId, ...me });
  await play(driverOf(postgres.db, new Plans(), id), ({ taskId, mapIndex }) =>
    taskId === "list" ? success([1, 2]) : mapIndex === 1 ? failed(false) : success(),
  );
  return id;
}

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a process that %s", (_how, failing) => {
  test("while it makes a backfill", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = graph({ schedule: "@daily", catchup: "none" });
      const { dagId } = one;
      await known(postgres.db, one);
      return {
        dagId,
        run: (db) =>
          createBackfill(db, { dagId, from: daysAgo(4), to: daysAgo(2), ...me }).catch(
            allowing("BACKFILL_ACTIVE"),
          ),
        check: async () => {
          await toTheEnd(dagId);
          expect((await runsOf(dagId)).map(({ state }) => state)).toEqual([
            "success",
            "success",
            "success",
          ]);
          expect(
            await rows(
              postgres.db,
              "select from dagsmith.audit where dag_id = $1 and action = 'backfill'",
              [dagId],
            ),
          ).toHaveLength(1);
        },
      };
    });
    expect(statements).toBeGreaterThan(5);
  });

  test("while it makes a backfill's runs, new ones and ones done again, and ends it", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = graph({ schedule: "@daily", catchup: "none" });
      const { dagId } = one;
      await known(postgres.db, one);
      await triggerRun(postgres.db, { dagId, logicalDate: daysAgo(3), ...me });
      const [old] = await runsOf(dagId);
      await play(driverOf(postgres.db, new Plans(), old!.id), () => failed(false));
      const range = {
        dagId,
        from: daysAgo(4),
        to: daysAgo(2),
        reprocess: "failed",
        maxActiveRuns: 2,
        labels: { a: "1" },
      } as const;
      const { id } = await createBackfill(postgres.db, { ...range, ...me });
      return {
        dagId,
        run: (db) => tick(db, new Plans()),
        check: async () => {
          await toTheEnd(dagId);
          const runs = await runsOf(dagId);
          expect([runs.length, runs.every(({ state }) => state === "success")]).toEqual([3, true]);
          for (const run of runs)
            expect(statesOf(await driverOf(postgres.db, new Plans(), run.id).look())).toMatchObject(
              WHOLE,
            );
          expect(await findBackfill(postgres.db, id)).toMatchObject({
            state: "completed",
            progress: { total: 3, success: 3 },
          });
          const labels =
            "select from dagsmith.dag_run_label l join dagsmith.dag_run r on r.id = l.run_id where r.dag_id = $1";
          expect(await rows(postgres.db, labels, [dagId])).toHaveLength(3);
        },
      };
    });
    expect(statements).toBeGreaterThan(20);
  });

  test("while it cancels a backfill", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = graph({ schedule: "@daily", catchup: "none" });
      const { dagId } = one;
      await known(postgres.db, one);
      const { id } = await createBackfill(postgres.db, {
        dagId,
        from: daysAgo(4),
        to: daysAgo(2),
        maxActiveRuns: 1,
        ...me,
      });
      await tick(postgres.db, new Plans());
      return {
        dagId,
        run: (db) => cancelBackfill(db, { id, ...me }).catch(allowing("BACKFILL_ENDED")),
        check: async () => {
          await toTheEnd(dagId);
          expect((await runsOf(dagId)).map(({ state }) => state)).toEqual([
            "success",
            "failed",
            "failed",
          ]);
          expect(await findBackfill(postgres.db, id)).toMatchObject({
            state: "cancelled",
            progress: { waiting: 0 },
          });
        },
      };
    });
  });

  test("while it clears a run that has ended", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = graph({ maxActiveRuns: 1 });
      const { dagId } = one;
      await known(postgres.db, one);
      const id = await failedRun(dagId);
      return {
        dagId,
        run: (db) =>
          clearRuns(db, { of: { run: id }, onlyFailed: true, ...me }).catch(
            allowing("NOTHING_TO_CLEAR"),
          ),
        check: async () => {
          await tick(postgres.db, new Plans());
          expect(statesOf(await finish(id))).toEqual(WHOLE);
          await expectSoundQueue(postgres.db, dagId);
          const history = await rows(
            postgres.db,
            "select h.state from dagsmith.task_try h join dagsmith.task_instance t on t.id = h.task_instance_id where t.run_id = $1",
            [id],
          );
          expect(history).toEqual([{ state: "failed" }]);
        },
      };
    });
    expect(statements).toBeGreaterThan(12);
  });

  test("while it marks a task and lets those after it go on", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = graph();
      const { dagId } = one;
      await known(postgres.db, one);
      const id = await failedRun(dagId);
      return {
        dagId,
        run: (db) => markTask(db, { id, taskId: "each", to: "success", ...me }),
        check: async () => {
          await tick(postgres.db, new Plans());
          const end = await finish(id);
          expect([end.run, statesOf(end)]).toEqual(["success", WHOLE]);
        },
      };
    });
  });
});

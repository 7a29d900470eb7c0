/**
 * Counts from the instances alone equal those that were kept by adding; and whatever is
 * cleared, the run ends again.
 */

import { expect, test } from "vitest";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { markTask } from "../../../runtime/actions/mark.ts";
import { isFinal, MARKS } from "../../../runtime/state/task_state.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { expectCountsHold } from "../../support/counts.ts";
import {
  beginInPostgres,
  type Driver,
  driverOf,
  endOf,
  failed,
  play,
  runnable,
  type Script,
  type Snapshot,
  skipped,
  success,
} from "../../support/engine_driver.ts";
import fc from "../../support/fast_check.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { graph, loopResults, specOf } from "../../support/random_graph.ts";

const postgres = migratedDatabase();

const draws = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 });
const scriptOf = (seed: readonly number[], spec: DagSpec): Script => {
  const results = loopResults(spec);
  return ({ taskId, mapIndex, tryNumber }) => {
    const at =
      seed[(Number(taskId.slice(1)) * 7 + (mapIndex + 1) * 3 + tryNumber) % seed.length] ?? 0;
    if (at >= 6) return at < 8 ? failed(false) : skipped;
    const ending = success([...Array(at).keys()]);
    return results.has(taskId) && at > 1
      ? ({ ...ending, again: true } as ReturnType<Script>)
      : ending;
  };
};

test("at any moment of any run, what its instances amount to is what was added up", async () => {
  const begin = beginInPostgres(postgres);
  await fc.assert(
    fc.asyncProperty(graph, draws, fc.nat(8), async (tasks, seed, steps) => {
      const spec = specOf(tasks);
      const driver = await begin(spec);
      const script = scriptOf(seed, spec);
      for (let step = 0; step < steps; step++) {
        const [next] = runnable(await driver.look());
        if (!next) break;
        await driver.take(next);
        await driver.complete([endOf(next, script(next))]);
      }
      const [run] = await rows<{ id: number }>(
        postgres.db,
        "select id from dagsmith.dag_run where dag_id = $1",
        [spec.dagId],
      );
      await expectCountsHold(postgres.db, run!.id, spec);
    }),
    { numRuns: 100 },
  );
});

/** Plays until the run has ended, time and again letting the tries of groups come. */
async function finish(driver: Driver, script: Script): Promise<Snapshot> {
  for (let left = 20; left > 0; left--) {
    const end = await play(driver, script);
    if (end.run !== "running" || !end.instances.some(({ isGroupInWait }) => isGroupInWait))
      return end;
    await driver.passTime();
  }
  throw new Error("its groups are tried without an end");
}

const change = fc.record({
  task: fc.nat(5),
  kind: fc.constantFrom(
    "clear",
    "clear",
    "clear downstream",
    "clear upstream",
    "clear one item",
    "clear failed",
    "mark",
  ),
  mark: fc.constantFrom(...MARKS),
  /** How many ends of tries come between this change and the next. */
  steps: fc.nat(4),
});

test("whatever is cleared or marked, and whenever, the counts hold and the run ends with every task ended", async () => {
  const begin = beginInPostgres(postgres);
  await fc.assert(
    fc.asyncProperty(
      graph,
      draws,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (tasks, seed, changes) => {
        const spec = specOf(tasks);
        const driver = await begin(spec);
        const [run] = await rows<{ id: number }>(
          postgres.db,
          "select id from dagsmith.dag_run where dag_id = $1",
          [spec.dagId],
        );
        const { id } = run!;
        const script = scriptOf(seed, spec);
        for (const { task: at, kind, mark, steps } of changes) {
          for (let step = 0; step < steps; step++) {
            const [next] = runnable(await driver.look());
            if (!next) break;
            await driver.take(next);
            await driver.complete([endOf(next, script(next))]);
          }
          const taskId = `t${at % tasks.length}`;
          const selection = {
            taskId,
            downstream: kind === "clear downstream",
            upstream: kind === "clear upstream",
            onlyFailed: kind === "clear failed",
          };
          const item = kind === "clear one item" ? { mapIndex: 1 } : {};
          const done =
            kind === "mark"
              ? markTask(postgres.db, { id, taskId, to: mark, actor: "ann" })
              : clearRuns(postgres.db, { of: { run: id }, ...selection, ...item, actor: "ann" });
          await done.catch((error: { code?: string }) =>
            expect(["NOTHING_TO_CLEAR", "UNKNOWN_INSTANCE"]).toContain(error.code),
          );
          await expectCountsHold(postgres.db, id, spec);
        }
        const end = await finish(driverOf(postgres.db, new Plans(), id), script);
        expect(end.run).toMatch(/success|failed/);
        expect(end.openTasks).toBe(0);
        const left = end.instances.filter(
          ({ state }) => !isFinal(state) && (state as string) !== "none",
        );
        expect(left).toEqual([]);
        const ended = new Set(
          end.instances.filter(({ state }) => isFinal(state)).map(({ taskId }) => taskId),
        );
        // What is within a group has no instance where the group itself had no turn.
        expect(
          spec.tasks.filter(
            ({ taskId, parentGroup }) => parentGroup === undefined && !ended.has(taskId),
          ),
        ).toEqual([]);
        await expectCountsHold(postgres.db, id, spec);
      },
    ),
    { numRuns: 100 },
  );
});

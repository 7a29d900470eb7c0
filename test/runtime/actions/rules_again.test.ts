/**
 * What people do again keeps to the rules: decisions stay, setups come along, who waited
 * for the past hears of it.
 */
import { describe, expect, test } from "vitest";
import {
  clearRuns,
  markRun,
  markTask,
  previewClear,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  type Driver,
  driverOf,
  failed,
  play,
  type Script,
  type Snapshot,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const actor = "ann";

let last = 0;
async function begun(
  declare: (d: Dag<Readonly<Record<string, never>>>) => void,
  options: DagOptions = {},
) {
  last += 1;
  const d = dag(`again_${last}`, options as never) as Dag<Readonly<Record<string, never>>>;
  declare(d);
  await known(postgres.db, describeDag(d as unknown as Dag<unknown>));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor });
  return { id, dagId: d.dagId, driver: driverOf(postgres.db, new Plans(), id) };
}

const playing = (
  driver: Driver,
  table: Readonly<Record<string, ReturnType<Script>>> = {},
): Promise<Snapshot> => play(driver, ({ taskId }) => table[taskId] ?? success());

const warningsOf = async (id: number): Promise<number> =>
  (
    await rows<{ warnings: number }>(
      postgres.db,
      "select warnings from dagsmith.dag_run where id = $1",
      [id],
    )
  )[0]!.warnings;

describe("a task that a branch passed over", () => {
  const branching = (d: Dag<Readonly<Record<string, never>>>): void =>
    chain(
      d.branch("pick", () => "a"),
      [d.task("a", work), d.task("b", { triggerRule: "all_done" }, work)],
      d.task("join", { triggerRule: "none_failed" }, work),
    );

  test("stays skipped when it is cleared alone, and runs when the branch decides anew", async () => {
    const { id, driver } = await begun(branching);
    expect(statesOf(await playing(driver, { pick: success(["a"]) }))).toMatchObject({
      a: "success",
      b: "skipped",
    });
    await clearRuns(postgres.db, { of: { run: id }, taskId: "b", downstream: true, actor });
    expect(statesOf(await playing(driver))).toEqual({
      pick: "success",
      a: "success",
      b: "skipped",
      join: "success",
    });
    await clearRuns(postgres.db, { of: { run: id }, taskId: "pick", downstream: true, actor });
    expect(statesOf(await playing(driver, { pick: success(["b"]) }))).toMatchObject({
      a: "skipped",
      b: "success",
    });
  });

  test("stays skipped behind a short circuit however far away it is", async () => {
    const { id, driver } = await begun((d) =>
      chain(
        d.shortCircuit("go", () => false),
        d.task("near", work),
        d.task("far", { triggerRule: "all_done" }, work),
      ),
    );
    await playing(driver, { go: success(false) });
    await clearRuns(postgres.db, { of: { run: id }, taskId: "far", actor });
    expect(statesOf(await playing(driver))).toEqual({
      go: "success",
      near: "skipped",
      far: "skipped",
    });
  });
});

describe("clearing work", () => {
  test("clears its setups and teardowns with it, and no others", async () => {
    const { id, driver } = await begun((d) => {
      const [up, lone, other] = [
        d.setup("up", work),
        d.setup("lone", work),
        d.setup("other", work),
      ];
      const [first, second] = [d.task("first", work), d.task("second", work)];
      chain([up, lone], first, second, d.teardown("down", { setups: up }, work));
      chain(other, d.task("elsewhere", work), d.teardown("other_down", { setups: other }, work));
    });
    await playing(driver);
    const [preview] = await previewClear(postgres.db, { of: { run: id }, taskId: "second" });
    expect(preview!.instances.map(({ taskId }) => taskId).toSorted()).toEqual([
      "down",
      "lone",
      "second",
      "up",
    ]);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "second", actor });
    const end = await playing(driver);
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(
      end.instances.filter(({ tryNumber }) => tryNumber === 2).map(({ taskId }) => taskId),
    ).toHaveLength(4);
  });
});

describe("a list that is shorter when it is made again", () => {
  test("removes the instances that it has no item for; they count for nobody, and come back with a longer list", async () => {
    const { id, driver } = await begun((d) => {
      const list = d.task("list", async (): Promise<number[]> => []);
      chain(d.task("each", { each: list }, work), d.task("after", work));
    });
    const again = async (items: readonly number[]): Promise<Snapshot> => {
      await clearRuns(postgres.db, { of: { run: id }, actor });
      return playing(driver, { list: success(items) });
    };
    await playing(driver, { list: success([1, 2, 3]) });
    const shorter = await again([1]);
    expect(statesOf(shorter)).toEqual({
      ...{
        list: "success",
        "each[0]": "success",
        "each[1]": "removed",
        "each[2]": "removed",
        after: "success",
      },
    });
    expect([shorter.run, shorter.openTasks]).toEqual(["success", 0]);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "after", actor });
    expect((await playing(driver)).run).toBe("success");
    expect(statesOf(await again([]))).toMatchObject({
      each: "skipped",
      "each[0]": "removed",
      after: "skipped",
    });
    expect(statesOf(await again([1, 2]))).toMatchObject({
      "each[0]": "success",
      "each[1]": "success",
      "each[2]": "removed",
      after: "success",
    });
  });
});

describe("a failure that is allowed", () => {
  test("counts as a warning of the run, which goes when the task succeeds after all", async () => {
    const { id, driver } = await begun((d) =>
      chain(d.task("maybe", { allowFailure: true }, work), d.task("next", work)),
    );
    expect((await playing(driver, { maybe: failed() })).run).toBe("success");
    expect(await warningsOf(id)).toBe(1);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "next", actor });
    const again = await playing(driver);
    expect([again.run, statesOf(again).next, await warningsOf(id)]).toEqual([
      "success",
      "success",
      1,
    ]);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "maybe", actor });
    expect((await playing(driver)).run).toBe("success");
    expect(await warningsOf(id)).toBe(0);
  });
});

describe("a task that waits for its past", () => {
  test("says so, and goes on when a person marks the task of the run before, or that run", async () => {
    for (const mark of ["task", "run"] as const) {
      const first = await begun((d) => void d.task("a", work), {
        defaults: { dependsOnPast: true },
      });
      expect((await playing(first.driver, { a: failed() })).run).toBe("failed");
      const { id } = await triggerRun(postgres.db, { dagId: first.dagId, actor });
      const second = driverOf(postgres.db, new Plans(), id);
      expect(statesOf(await second.look())).toEqual({});
      const why = await whyWaiting(postgres.db, id);
      expect(why.tasks.map(({ reasons }) => reasons)).toEqual([
        [
          {
            gate: "past",
            text: "waits for a to end as success or skipped in the run before (dependsOnPast)",
          },
        ],
      ]);
      if (mark === "task")
        await markTask(postgres.db, { id: first.id, taskId: "a", to: "success", actor });
      else await markRun(postgres.db, { id: first.id, to: "success", actor });
      expect(statesOf(await second.look())).toEqual({ a: "queued" });
      expect(
        (await whyWaiting(postgres.db, id)).tasks
          .flatMap(({ reasons }) => reasons)
          .map(({ gate }) => gate),
      ).not.toContain("past");
    }
  });
});

describe("a run that timed out", () => {
  test("has its time again when it is cleared", async () => {
    const { id, driver } = await begun((d) => void d.task("a", work), { dagRunTimeout: "1m" });
    const back = (seconds: number) =>
      rows(
        postgres.db,
        "update dagsmith.dag_run set timeout_at = timeout_at - $2 * interval '1 second' where id = $1",
        [id, seconds],
      );
    await back(60);
    expect(await endOverdueRuns(postgres.db, new Plans())).toBe(1);
    expect((await driver.look()).run).toBe("failed");
    await clearRuns(postgres.db, { of: { run: id }, actor });
    expect([(await driver.look()).run, await endOverdueRuns(postgres.db, new Plans())]).toEqual([
      "running",
      0,
    ]);
    expect((await playing(driver)).run).toBe("success");
  });
});

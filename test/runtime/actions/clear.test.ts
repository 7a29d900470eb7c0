/**
 * Clearing and marking: what happens to instances, to what they left, to their retries
 * and to their run.
 */
import { describe, expect, test } from "vitest";
import {
  cancelRun,
  cancelTask,
  clearRuns,
  markRun,
  markTask,
  previewClear,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  driverOf,
  endOf,
  failed,
  play,
  runnable,
  type Script,
  type Snapshot,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { expectSoundQueue } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const me = { actor: "ann" };

function spec(id: string, declare: (d: Dag<unknown>) => void, options: DagOptions = {}): DagSpec {
  const d = dag(id, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

/** a, b after it, c after that. */
const line = (id: string, options: DagOptions = {}): DagSpec =>
  spec(
    id,
    (d) => {
      const [a, b, c] = [
        d.task("a", { retries: 1, retryDelay: "0s" }, work),
        d.task("b", work),
        d.task("c", work),
      ];
      chain(a, b);
      chain(b, c);
    },
    options,
  );
const mapped = (id: string, more: object = {}, options: DagOptions = {}): DagSpec =>
  spec(
    id,
    (d) => {
      const list = d.task("list", async (): Promise<number[]> => []);
      const each = d.task("each", { each: list as never, ...more }, work);
      chain(each, d.task("after", work));
    },
    options,
  );

const driver = (id: number) => driverOf(postgres.db, new Plans(), id);
const look = (id: number): Promise<Snapshot> => driver(id).look();
const finish = (id: number, script?: Script): Promise<Snapshot> => play(driver(id), script);
const clear = (run: number, more: object = {}) =>
  clearRuns(postgres.db, { of: { run }, ...more, ...me });

async function begun(one: DagSpec): Promise<number> {
  await known(postgres.db, one);
  return (await triggerRun(postgres.db, { dagId: one.dagId, ...me })).id;
}
const lists =
  (...items: readonly number[]): Script =>
  ({ taskId }) =>
    taskId === "list" ? success(items) : success(taskId);

const filteredOut = { kind: "skipped", reason: "no item of the list", filteredOut: true } as const;

const triesOf = (id: number) =>
  rows<{ task: string; try_number: number; state: string; reason: string | null }>(
    postgres.db,
    `select t.task_id as task, h.try_number, h.state, h.reason from dagsmith.task_try h
     join dagsmith.task_instance t on t.id = h.task_instance_id where t.run_id = $1 order by t.id, h.try_number`,
    [id],
  );
const xcomsOf = async (id: number): Promise<readonly string[]> =>
  (
    await rows<{ task_id: string }>(
      postgres.db,
      "select task_id from dagsmith.xcom where run_id = $1 order by 1",
      [id],
    )
  ).map(({ task_id }) => task_id);

describe("clearing", () => {
  test("a task runs it again, and nothing else; its output goes until then", async () => {
    const id = await begun(line("one_task"));
    await finish(id, ({ taskId }) => success(taskId));
    const cleared = await clear(id, { taskId: "b" });
    expect(cleared).toMatchObject([
      { id, instances: [{ taskId: "b", state: "success", tryNumber: 1 }] },
    ]);
    expect(await xcomsOf(id)).toEqual(["a", "c"]);
    expect(statesOf(await look(id))).toEqual({ a: "success", b: "queued", c: "success" });
    const end = await finish(id);
    expect([end.run, end.instances.map(({ tryNumber }) => tryNumber)]).toEqual([
      "success",
      [1, 2, 1],
    ]);
    expect(await triesOf(id)).toEqual([
      { task: "b", try_number: 1, state: "success", reason: null },
    ]);
  });

  test("with what comes after, or before, waits for its turn in the old order", async () => {
    const id = await begun(line("in_order"));
    await finish(id);
    await clear(id, { taskId: "b", downstream: true });
    expect(statesOf(await look(id))).toEqual({ a: "success", b: "queued", c: "none" });
    await finish(id);
    await clear(id, { taskId: "b", upstream: true });
    expect(statesOf(await look(id))).toEqual({ a: "queued", b: "none", c: "success" });
    expect((await finish(id)).run).toBe("success");
  });

  test("only what failed takes what could not run because of it along", async () => {
    const id = await begun(line("only_failed"));
    await finish(id, ({ taskId }) => (taskId === "b" ? failed() : success()));
    expect(statesOf(await look(id))).toEqual({ a: "success", b: "failed", c: "upstream_failed" });
    const [preview] = await previewClear(postgres.db, { of: { run: id }, onlyFailed: true });
    expect(preview!.instances.map(({ taskId }) => taskId)).toEqual(["b", "c"]);
    expect((await look(id)).run).toBe("failed");
    await clear(id, { onlyFailed: true });
    expect((await finish(id)).run).toBe("success");
    await expect(clear(id, { onlyFailed: true })).rejects.toMatchObject({
      code: "NOTHING_TO_CLEAR",
    });
  });

  describe("a failed task includes", () => {
    /**
     * What a clear of `taskId` includes in a run in which the tasks named `bad…` failed.
     */
    const included = async (dag: DagSpec, taskId: string): Promise<readonly string[]> => {
      const id = await begun(dag);
      await finish(id, (one) => (one.taskId.startsWith("bad") ? failed() : success()));
      const [preview] = await previewClear(postgres.db, { of: { run: id }, taskId });
      return (preview?.instances ?? []).map((one) => one.taskId).toSorted();
    };
    const wired = (id: string, ...edges: readonly (readonly [string, string])[]): DagSpec =>
      spec(id, (d) => {
        const ids = [...new Set(edges.flat())];
        const tasks = new Map(
          ids.map((one) => {
            const options = one.startsWith("always") ? ({ triggerRule: "all_done" } as const) : {};
            return [one, d.task(one, options, work)];
          }),
        );
        for (const [from, to] of edges) chain(tasks.get(from)!, tasks.get(to)!);
      });

    test.each<[string, DagSpec, readonly string[]]>([
      [
        "the tasks that could not run because of it, at any distance",
        wired("far", ["bad", "x"], ["x", "y"], ["y", "z"]),
        ["bad", "x", "y", "z"],
      ],
      [
        "no task that ran after it by its own rule",
        wired("ran", ["bad", "x"], ["bad", "always"]),
        ["bad", "x"],
      ],
      [
        "what could not run behind a task that ran",
        wired("behind", ["bad", "always"], ["bad", "x"], ["always", "y"], ["x", "y"]),
        ["bad", "x", "y"],
      ],
      [
        "a task that another failure holds back, too",
        wired("both", ["bad", "x"], ["bad_too", "x"]),
        ["bad", "x"],
      ],
      [
        "no task of another branch, failed or held back",
        wired("elsewhere", ["a", "bad"], ["bad", "x"], ["a", "bad_too"], ["bad_too", "y"]),
        ["bad", "x"],
      ],
      ["no task before it", wired("before", ["a", "bad"], ["bad", "x"]), ["bad", "x"]],
    ])("%s", async (_what, dag, expected) => {
      expect(await included(dag, "bad")).toEqual(expected);
    });

    test("nothing else when it is cleared after a success", async () => {
      expect(await included(wired("fine", ["a", "x"], ["bad", "y"]), "a")).toEqual(["a"]);
    });
  });

  test("an item that was left out asks it again, and remembers that it was skipped", async () => {
    const id = await begun(mapped("left_out"));
    await finish(id, (one) =>
      one.taskId === "each" && one.mapIndex === 1 ? filteredOut : lists(1, 2)(one),
    );
    expect(statesOf(await look(id))).toMatchObject({ "each[0]": "success", "each[1]": "removed" });
    await clear(id, { taskId: "each", downstream: true });
    expect(statesOf(await finish(id))).toMatchObject({
      "each[0]": "success",
      "each[1]": "success",
      after: "success",
    });
    expect(await triesOf(id)).toContainEqual({
      task: "each",
      try_number: 1,
      state: "skipped",
      reason: "no item of the list",
    });
  });

  test("what is left of a longer list is skipped by branch whoever clears or marks", async () => {
    const id = await begun(mapped("shorter_list"));
    await finish(id, lists(1, 2, 3));
    await clear(id, { taskId: "list", downstream: true });
    await finish(id, (one) => (one.taskId === "each" ? failed() : lists(1)(one)));
    const left = { "each[1]": "removed", "each[2]": "removed" };
    expect(statesOf(await look(id))).toMatchObject({ "each[0]": "failed", ...left });
    await expect(clear(id, { taskId: "each", mapIndex: 2 })).rejects.toMatchObject({
      code: "NOTHING_TO_CLEAR",
    });
    expect(await markTask(postgres.db, { id, taskId: "each", to: "success", ...me })).toBe(1);
    expect(statesOf(await finish(id))).toMatchObject({
      "each[0]": "success",
      ...left,
      after: "success",
    });
  });

  test("cancelling an item that waits for its place lets no other go", async () => {
    const id = await begun(mapped("waiting_item", { maxActive: 1 }));
    const [list] = runnable(await look(id));
    await driver(id).take(list!);
    await driver(id).complete([endOf(list!, success([1, 2, 3]))]);
    await cancelTask(postgres.db, { id, taskId: "each", mapIndex: 1, ...me });
    expect(statesOf(await look(id))).toMatchObject({
      "each[0]": "queued",
      "each[1]": "skipped",
      "each[2]": "scheduled",
    });
    expect(statesOf(await finish(id))).toMatchObject({
      "each[0]": "success",
      "each[1]": "skipped",
      "each[2]": "success",
    });
  });

  test("a task that waits for its turn anew is none that could be cancelled", async () => {
    const id = await begun(line("none_to_cancel"));
    await finish(id);
    await clear(id, { taskId: "a", downstream: true });
    await expect(cancelTask(postgres.db, { id, taskId: "b", ...me })).rejects.toMatchObject({
      code: "TASK_NOT_ACTIVE",
    });
  });

  test("gives a task its retries anew", async () => {
    const id = await begun(line("retries"));
    await finish(id, ({ taskId }) => (taskId === "a" ? failed() : success()));
    expect((await look(id)).instances[0]).toMatchObject({ state: "failed", tryNumber: 2 });
    await clear(id, { onlyFailed: true });
    const end = await finish(id, ({ taskId, tryNumber }) =>
      taskId === "a" && tryNumber < 4 ? failed() : success(),
    );
    expect([end.run, end.instances[0]!.tryNumber]).toEqual(["success", 4]);
    expect((await triesOf(id)).map(({ try_number, state }) => [try_number, state])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "failed"],
    ]);
  });

  test("waits for a place when its run had ended, and is tried by an old token no more", async () => {
    const one = line("place", { maxActiveRuns: 1 });
    const id = await begun(one);
    await finish(id);
    const other = (await triggerRun(postgres.db, { dagId: "place", ...me })).id;
    await clear(id, { taskId: "a" });
    expect([(await look(id)).run, statesOf(await look(id))]).toEqual([
      "queued",
      { a: "none", b: "success", c: "success" },
    ]);
    const [waiting] = runnable(await look(other));
    await clear(other, { taskId: "a" });
    expect(await driver(other).take(waiting!)).toBe(false);
    await finish(other);
    await markRun(postgres.db, { id: other, to: "failed", ...me });
    expect((await finish(id)).run).toBe("success");
    await expectSoundQueue(postgres.db, "place");
  });

  test("what runs is refused, and changes nothing", async () => {
    const id = await begun(line("running"));
    const [a] = runnable(await look(id));
    await driver(id).take(a!);
    await expect(clear(id)).rejects.toMatchObject({ code: "CLEAR_RUNNING" });
    await expect(previewClear(postgres.db, { of: { run: id } })).rejects.toMatchObject({
      code: "CLEAR_RUNNING",
    });
    expect(statesOf(await look(id))).toEqual({ a: "running" });
    await expect(clear(id, { taskId: "b" })).rejects.toMatchObject({ code: "NOTHING_TO_CLEAR" });
    await expect(clear(id, { taskId: "z" })).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
    await expect(clear(987_654)).rejects.toMatchObject({ code: "UNKNOWN_RUN" });
  });

  test("a run that was cancelled before anything of it ran runs it", async () => {
    const id = await begun(line("cancelled"));
    await cancelRun(postgres.db, { id, ...me });
    expect(statesOf(await look(id))).toEqual({ a: "skipped" });
    await clear(id);
    expect(statesOf(await finish(id))).toEqual({ a: "success", b: "success", c: "success" });
  });

  test("on the latest version runs the tasks that it has; on a running run it is refused", async () => {
    const id = await begun(line("versions"));
    await finish(id);
    const shorter = spec("versions", (d) => chain(d.task("a", work), d.task("fresh", work)));
    await known(postgres.db, shorter);
    await clear(id, { code: "latest" });
    const end = await finish(id);
    expect([end.run, statesOf(end)]).toEqual([
      "success",
      { a: "success", b: "success", c: "success", fresh: "success" },
    ]);
    expect(end.openTasks).toBe(0);
    const running = (await triggerRun(postgres.db, { dagId: "versions", ...me })).id;
    await expect(clear(running, { code: "latest" })).rejects.toMatchObject({ code: "RUN_RUNNING" });
  });

  test("the runs of a range clears each whole, and leaves the others alone", async () => {
    await known(postgres.db, line("range"));
    const ids: number[] = [];
    for (const logicalDate of ["2026-01-01", "2026-01-02", "2026-01-03"])
      ids.push((await triggerRun(postgres.db, { dagId: "range", logicalDate, ...me })).id);
    for (const id of ids) await finish(id);
    const cleared = await clearRuns(postgres.db, {
      of: { dagId: "range", from: "2026-01-02" },
      taskId: "c",
      ...me,
    });
    expect(cleared.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await Promise.all(ids.map(async (id) => (await look(id)).run))).toEqual([
      "success",
      "running",
      "running",
    ]);
    const actions = await rows(
      postgres.db,
      "select action, actor from dagsmith.audit where dag_id = 'range' and action = 'clear'",
    );
    expect(actions).toEqual([
      { action: "clear", actor: "ann" },
      { action: "clear", actor: "ann" },
    ]);
  });

  test("twice at once leaves a run that ends", async () => {
    const id = await begun(mapped("twice"));
    await finish(id, lists(1, 2, 3));
    const both = await Promise.allSettled([
      clear(id),
      clear(id, { taskId: "each", downstream: true }),
    ]);
    expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
    const end = await finish(id, lists(1, 2));
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    await expectSoundQueue(postgres.db, "twice");
  });
});

describe("clearing a mapped task", () => {
  test.each([
    ["fewer", [7], ["success", "removed", "removed"]],
    ["more", [7, 8, 9, 10], ["success", "success", "success", "success"]],
    ["no", [], ["removed", "removed", "removed"]],
  ])("expands it again, over %s items", async (_how, items, states) => {
    const id = await begun(mapped(`items_${items.length}`));
    await finish(id, lists(1, 2, 3));
    await clear(id);
    const end = await finish(id, lists(...items));
    const found = end.instances.filter(
      ({ taskId, mapIndex }) => taskId === "each" && mapIndex >= 0,
    );
    expect(found.toSorted((a, b) => a.mapIndex - b.mapIndex).map(({ state }) => state)).toEqual(
      states,
    );
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    const [after] = await rows(
      postgres.db,
      "select upstream_total from dagsmith.task_counter where run_id = $1 and task_id = 'after'",
      [id],
    );
    expect(after).toEqual({ upstream_total: Math.max(1, items.length) });
  });

  test.each([
    ["", { maxActive: 1 }, {}],
    [" under other limits", {}, { maxActiveTasks: 1 }],
  ])("item by item runs only those, as many at once as it may%s", async (_how, more, options) => {
    const one = mapped(`item_by_item_${Object.keys(options).length}`, more, options);
    const id = await begun(one);
    await finish(id, lists(1, 2, 3, 4));
    for (const mapIndex of [1, 3]) await clear(id, { taskId: "each", mapIndex });
    const states = statesOf(await look(id));
    expect([states["each[1]"], states["each[3]"]].toSorted()).toEqual(["queued", "scheduled"]);
    const end = await finish(id);
    expect(
      end.instances
        .filter(({ taskId }) => taskId === "each")
        .map(({ state, tryNumber }) => [state, tryNumber]),
    ).toEqual([
      ["success", 1],
      ["success", 2],
      ["success", 1],
      ["success", 2],
    ]);
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    await expectSoundQueue(postgres.db, one.dagId);
  });
});

describe("marking", () => {
  test("a running task refuses what its worker says afterwards", async () => {
    const id = await begun(line("late"));
    const [a] = runnable(await look(id));
    await driver(id).take(a!);
    await markTask(postgres.db, { id, taskId: "a", to: "success", ...me });
    const { accepted } = await runEngineTransaction(postgres.db, new Plans(), (tx) =>
      completeTries(tx, [endOf(a!, failed())]),
    );
    expect([...accepted]).toEqual([]);
    const { instances } = await look(id);
    expect(instances).toMatchObject([
      { state: "success", reason: "marked success by ann" },
      { taskId: "b", state: "queued" },
    ]);
    expect((await finish(id)).run).toBe("success");
  });

  test("a failed task success gives those after it their turn", async () => {
    const id = await begun(line("resumed"));
    await finish(id, ({ taskId }) => (taskId === "a" ? failed() : success()));
    await markTask(postgres.db, { id, taskId: "a", to: "success", ...me });
    expect(statesOf(await look(id))).toEqual({ a: "success", b: "queued", c: "none" });
    expect((await finish(id)).run).toBe("success");
  });

  test.each(["success", "skipped"] as const)(
    "a failed task %s keeps its end, its try, its error and why it had failed",
    async (to) => {
      const id = await begun(line(`kept_${to}`));
      const error = { name: "Error", message: "boom", stack: "" };
      await finish(id, ({ taskId }) =>
        taskId === "a"
          ? { kind: "failed", reason: "Error: boom", retryable: false, error }
          : success(),
      );
      const ended = async () =>
        rows<{ state: string; reason: string }>(
          postgres.db,
          "select state, reason, started_at, finished_at, try_number, error from dagsmith.task_instance where run_id = $1 and task_id = 'a'",
          [id],
        );
      const [before] = await ended();
      await markTask(postgres.db, { id, taskId: "a", to, ...me });
      const reason = `marked ${to} by ann; before that failed: ${before?.reason}`;
      expect(await ended()).toEqual([{ ...before, state: to, reason }]);
      expect(before).toMatchObject({ state: "failed", error });
    },
  );

  test("a task that had not its turn ends it; its run is judged by it", async () => {
    const id = await begun(line("ahead"));
    await markTask(postgres.db, { id, taskId: "c", to: "failed", ...me });
    const end = await finish(id);
    expect([end.run, statesOf(end)]).toEqual([
      "failed",
      { a: "success", b: "success", c: "failed" },
    ]);
    await markTask(postgres.db, { id, taskId: "c", to: "skipped", ...me });
    expect((await look(id)).run).toBe("success");
  });

  test("a run is as it is marked, until it is cleared", async () => {
    const id = await begun(mapped("whole"));
    await finish(id, lists(1, 2));
    await markRun(postgres.db, { id, to: "failed", ...me });
    expect((await look(id)).run).toBe("failed");
    await expect(markRun(postgres.db, { id, to: "failed", ...me })).rejects.toMatchObject({
      code: "RUN_FINISHED",
    });
    const other = (await triggerRun(postgres.db, { dagId: "whole", ...me })).id;
    await markRun(postgres.db, { id: other, to: "success", ...me });
    expect([(await look(other)).run, statesOf(await look(other))]).toEqual([
      "success",
      { list: "success", each: "success", after: "success" },
    ]);
    await clear(other);
    const end = await finish(other, lists(5));
    expect([end.run, statesOf(end)]).toMatchObject([
      "success",
      { list: "success", "each[0]": "success", after: "success" },
    ]);
  });

  test("an item that does not exist, or a task, is refused", async () => {
    const id = await begun(mapped("nothing"));
    await expect(
      markTask(postgres.db, { id, taskId: "each", mapIndex: 5, to: "success", ...me }),
    ).rejects.toMatchObject({
      code: "UNKNOWN_INSTANCE",
    });
    await expect(
      markTask(postgres.db, { id, taskId: "z", to: "success", ...me }),
    ).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });
});

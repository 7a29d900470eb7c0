/**
 * State on workers: written in the transaction of the try's success, and by no try that
 * was lost.
 */
import type { Json } from "dagsmith";
import { afterAll, beforeAll, expect, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { listState, putStateNow, readState } from "../../../runtime/store/values/state.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { deploy, runEnd, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(14);
let worker: TestWorker;
beforeAll(async () => {
  worker = await testWorker(postgres.db);
});
afterAll(async () => {
  await worker?.stop();
});

async function runOf(dagId: string, params: Json = {}) {
  const { id } = await triggerRun(postgres.db, { dagId, params, actor: "ann" });
  return runEnd(postgres.db, id);
}

const value = async (scope: string, key: string): Promise<unknown> =>
  JSON.parse((await readState(postgres.db, scope, key)) ?? "null") as unknown;

const COUNTING = `
import { dag } from "dagsmith";
const d = dag("counting");
d.task("count", async ({ state }) => {
  const before = (await state.get("n")) ?? 0;
  await state.set("n", before + 1);
  await state.task.set("n", before + 10);
  await state.shared("all").set("n", before + 100);
  return before;
});
export default d;`;

test("what a run sets is read by the next run, with the values before it kept", async () => {
  await deploy(postgres.db, await dagFolder({ "counting.js": COUNTING }));
  for (const expected of [0, 1, 2]) {
    const run = await runOf("counting");
    expect(run.task("count").state).toBe("success");
    expect(await value("dag:counting", "n")).toBe(expected + 1);
  }
  expect(await value("task:counting/count", "n")).toBe(12);
  expect(await value("shared:all", "n")).toBe(102);
  expect(await listState(postgres.db, "dag:counting", "")).toMatchObject([
    { key: "n", value: 3, revision: 3 },
  ]);
  const rows = await postgres.db.query<{ earlier: { value: number; revision: number }[] }>({
    name: "earlier_of_test",
    text: "select earlier from dagsmith.state where scope = 'dag:counting'",
  });
  expect(rows[0]?.earlier.map(({ value, revision }) => [value, revision])).toEqual([
    [2, 2],
    [1, 1],
  ]);
});

test("a try that fails writes nothing, but for what it wrote at once", async () => {
  await deploy(
    postgres.db,
    await dagFolder({
      "failing.js": `
import { dag } from "dagsmith";
const d = dag("failing");
d.task("fails", async ({ state }) => {
  await state.set("late", 1);
  await state.set("now", 1, { now: true });
  await state.set("deleted", 1, { now: true });
  await state.delete("deleted", { now: true });
  throw new Error("no");
});
export default d;`,
    }),
  );
  expect((await runOf("failing")).task("fails").state).toBe("failed");
  expect((await listState(postgres.db, "dag:failing", "")).map(({ key }) => key)).toEqual(["now"]);
});

test("a hundred mapped instances write keys of their own, and one key together", async () => {
  await deploy(
    postgres.db,
    await dagFolder({
      "mapped.js": `
import { dag } from "dagsmith";
const d = dag("mapped");
const list = d.task("list", () => Array.from({ length: 100 }, (_, i) => i));
d.task("each", { each: list }, async ({ state, item }) => {
  await state.set("repo/" + item, item);
  await state.set("last", item);
});
export default d;`,
    }),
  );
  await runOf("mapped");
  const entries = await listState(postgres.db, "dag:mapped", "repo/");
  expect(entries).toHaveLength(100);
  expect(entries.every(({ key, value }) => key === `repo/${value}`)).toBe(true);
  expect(await value("dag:mapped", "last")).toEqual(expect.any(Number));
});

test("a worker that has lost its try cannot write for it", async () => {
  await deploy(postgres.db, await dagFolder({ "counting.js": COUNTING }));
  const run = await runOf("counting");
  const { id } = run.task("count");
  const change = { scope: "dag:counting", key: "n", json: "-1" };
  const held = { instanceId: id, tryNumber: 1, workerId: worker.id };
  expect(await putStateNow(postgres.db, change, held)).toBe(false);
  expect(await value("dag:counting", "n")).not.toBe(-1);
});

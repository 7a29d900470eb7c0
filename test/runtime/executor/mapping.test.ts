/**
 * Mapped tasks in real task processes: what is asked of the worker, and what it stores.
 */
import { expect, onTestFinished, test } from "vitest";
import { OUTPUTS_PER_PAGE } from "../../../runtime/store/values/xcom.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, PASSWORD, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(20);

const MANY = 2 * OUTPUTS_PER_PAGE + 50;

const FILE = `
import { cross, dag, lazy, over } from "dagsmith";

const d = dag("mapping");
const names = d.task("names", () => ["green", "yellow"]);
const trips = d.task("trips", {
  each: over(cross({ name: names, month: [1, 2] })).map(({ name, month }) => ({ name, file: name + "-" + month })),
  label: ({ item }) => item.file + " ${PASSWORD} " + "x".repeat(300),
}, ({ item }) => item.file);
const many = d.task("many", { each: [...Array(${MANY}).keys()] }, ({ item }) => item);
const doubled = d.loop("doubled", { initial: { value: 1 }, until: ({ value }) => value > 20, maxIterations: 10 }, async ({ previous, iteration }) => {
  if (iteration === 0) previous.value = 3;
  return { value: previous.value * 2 };
});
d.task("loop_result", { inputs: { doubled } }, ({ inputs }) => inputs.doubled.map(({ value }) => value));
d.task("reduce", { inputs: { trips: lazy(trips), many: lazy(many), names: lazy(names) } }, async ({ inputs, log }) => {
  let last = -1;
  let count = 0;
  for await (const item of inputs.many) {
    if (item <= last) throw new Error("out of order");
    last = item;
    count += 1;
  }
  return { count, last, trips: await inputs.trips.all(), names: await inputs.names.all() };
});
export default d;
`;

test("items are changed, instances named and long inputs loaded page by page, where the task runs", async () => {
  const worker = await testWorker(postgres.db, { slots: 4 });
  onTestFinished(() => worker.stop());
  await deploy(postgres.db, await dagFolder({ "mapping.js": FILE }));
  const run = await runToEnd(postgres.db, "mapping");
  expect(run.state).toBe("success");
  expect(run.task("reduce").output).toEqual({
    count: MANY,
    last: MANY - 1,
    trips: ["green-1", "green-2", "yellow-1", "yellow-2"],
    names: ["green", "yellow"],
  });
  // Twice in the same processes: an iteration that changes what it was given changes it
  // for itself.
  expect(run.task("loop_result").output).toEqual([6, 12, 24]);
  expect((await runToEnd(postgres.db, "mapping")).task("loop_result").output).toEqual([6, 12, 24]);
  const labels = await rows<{ label: string }>(
    postgres.db,
    "select label from dagsmith.task_instance where run_id = $1 and task_id = 'trips' order by map_index",
    [run.id],
  );
  expect(labels.map(({ label }) => [label.slice(0, 13), label.length])).toEqual([
    ["green-1 *** x", 200],
    ["green-2 *** x", 200],
    ["yellow-1 *** ", 200],
    ["yellow-2 *** ", 200],
  ]);
});

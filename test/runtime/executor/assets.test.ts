/**
 * Assets with a real worker: a task's success in one process makes a run of another DAG,
 * whose tasks read what was said.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  type RanRun,
  runEnd,
  runToEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(12);
let worker: TestWorker;
let writer: RanRun;

beforeAll(async () => {
  await deploy(postgres.db, fileURLToPath(new URL("dags", import.meta.url)));
  worker = await testWorker(postgres.db);
  writer = await runToEnd(postgres.db, "asset_writer");
});
afterAll(() => worker?.stop());

/** No scheduler runs here: the worker makes the run itself. */
const runOf = (dagId: string): Promise<RanRun> =>
  until(`a run of ${dagId}`, async () => {
    const [run] = await rows<{ id: number }>(
      postgres.db,
      "select id from dagsmith.dag_run where dag_id = $1",
      [dagId],
    );
    return run && runEnd(postgres.db, run.id);
  });

test("the last that a task said of an outlet arrives in the run it makes, by type and by asset", async () => {
  const run = await runOf("asset_reader");
  expect(run.task("read").output).toEqual({ rows: [2], inlets: [2], others: 0, trigger: "assets" });
});

test("an asset under an alias makes the run of who waits for the alias", async () => {
  expect((await runOf("asset_alias_reader")).task("read").output).toEqual([
    ["s3://worker/exported", { by: "alias" }],
  ]);
});

test("a task that updates or reads what it does not name fails, and says what to add", async () => {
  expect(writer.task("updates_what_it_does_not_name")).toMatchObject({
    state: "failed",
    reason: expect.stringContaining('outlets: [asset("s3://worker/counted")]'),
  });
  expect((await runOf("asset_alias_reader")).task("reads_what_it_does_not_name")).toMatchObject({
    state: "failed",
    reason: expect.stringContaining('inlets: [asset("s3://worker/counted")]'),
  });
});

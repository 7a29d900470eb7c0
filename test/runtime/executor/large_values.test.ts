/**
 * Values too large for a row: they go to files of a folder or of a bucket, arrive like
 * any other, and go when their try, their run or their worker goes. The same for both
 * places.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { Spill, type SpillOptions } from "../../../runtime/executor/spill.ts";
import { sweepFiles } from "../../../runtime/executor/sweep_files.ts";
import { Loop } from "../../../runtime/service/loop.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { bucketPlace, folderPlace, type TestPlace } from "../../support/large_values.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, runEnd, runToEnd, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(20);

async function withWorker(xcoms: SpillOptions | undefined): Promise<TestWorker> {
  const worker = await testWorker(postgres.db, { slots: 2, xcoms });
  onTestFinished(() => worker.stop());
  return worker;
}

function spillTo({ folder }: TestPlace): Spill {
  const spill = new Spill(postgres.db, { folder, spillBytes: 1 });
  onTestFinished(() => spill.close());
  return spill;
}

const sweep = (place: TestPlace): Promise<number> =>
  new Loop(sweepFiles([spillTo(place)])).runOnce();

const storedOf = (runId: number) =>
  rows<{
    task_id: string;
    key: string;
    value: unknown;
    bytes: number | null;
    sha256: string | null;
    state: string | null;
  }>(
    postgres.db,
    `select x.task_id, x.key, x.value, f.bytes, f.sha256, f.state from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
     where x.run_id = $1 order by x.task_id, x.key`,
    [runId],
  );

/** The one file that a run has. */
async function fileOf(runId: number): Promise<string> {
  const [row] = await rows<{ file: string }>(
    postgres.db,
    "select file from dagsmith.xcom where run_id = $1 and file is not null",
    [runId],
  );
  return row!.file;
}

const LARGE = `
import { dag, lazy, pick } from "dagsmith";
const d = dag("large");
const text = "é".repeat(6 * 1024 * 1024);
const whole = d.task("whole", async ({ xcom }) => {
  await xcom.push("beside", { text: "p".repeat(5000) });
  return { text, rows: 3 };
});
const many = d.task("many", { each: [1, 2, 3] }, ({ item }) => String(item).repeat(4000));
const small = d.task("small", () => "small");
d.task("reads", { inputs: { whole, rows: pick(whole, "rows"), many, lazily: lazy(many), small } }, async ({ inputs, xcom }) => {
  const walked = [];
  for await (const item of inputs.lazily) walked.push(item[0]);
  return [inputs.whole.text === text, inputs.rows, inputs.many.map((item) => item.length), walked, (await xcom.pull("whole", "beside")).text.length, inputs.small];
});
export default d;
`;

describe.each([
  { kind: "a folder", open: folderPlace },
  { kind: "a bucket", open: bucketPlace },
])("in $kind", ({ open }: { readonly open: () => Promise<TestPlace> }) => {
  test("a large value lies in a file, beyond what the database takes, and arrives in every way in which values arrive", async () => {
    const place = await open();
    await withWorker({ folder: place.folder, spillBytes: 2_000 });
    await deploy(postgres.db, await dagFolder({ "large.js": LARGE }));
    const run = await runToEnd(postgres.db, "large");
    expect(run.task("reads").output).toEqual([
      true,
      3,
      [4000, 4000, 4000],
      ["1", "2", "3"],
      5000,
      "small",
    ]);
    const [beside, whole] = (await storedOf(run.id)).filter(({ task_id }) => task_id === "whole");
    expect(whole).toMatchObject({
      key: "return_value",
      value: null,
      bytes: 12 * 1024 * 1024 + 20,
      state: "kept",
    });
    expect(whole?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(beside).toMatchObject({ key: "beside", value: null, state: "kept" });
    expect(await place.names()).toHaveLength(5);
  });

  test("many of them, large and small, come in order, at once and page by page", async () => {
    const place = await open();
    await withWorker({ folder: place.folder, spillBytes: 2_000 });
    const file = `
import { dag, lazy } from "dagsmith";
const d = dag("many");
const sizes = [9, 9].map((size) => size * 1024 * 1024).concat(Array.from({ length: 38 }, (_, index) => (index % 2 ? 10 : 3_000)));
const each = d.task("each", { each: sizes.map((size, index) => [size, index]) }, ({ item: [size, index] }) => String(index).padEnd(size));
const told = (items) => items.map((item, index) => item.length === sizes[index] && item.trimEnd() === String(index));
d.task("at_once", { inputs: { each } }, ({ inputs }) => told(inputs.each));
d.task("by_page", { inputs: { each: lazy(each) } }, async ({ inputs }) => {
  const walked = [];
  for await (const item of inputs.each) walked.push(item);
  return told(walked);
});
export default d;
`;
    await deploy(postgres.db, await dagFolder({ "many.js": file }));
    const run = await runToEnd(postgres.db, "many");
    expect([run.task("at_once").output, run.task("by_page").output]).toEqual([
      Array(40).fill(true),
      Array(40).fill(true),
    ]);
    expect(await place.names()).toHaveLength(21);
  });

  test("what is mapped over stays in the database, and has its limit", async () => {
    await withWorker({ folder: (await open()).folder, spillBytes: 10 });
    const file = `
import { chain, dag } from "dagsmith";
const d = dag("mapped_over");
const list = d.task("list", () => ["a".repeat(100), "b".repeat(100)]);
d.task("each", { each: list }, ({ item }) => item.length);
const long = d.task("long", () => ["x".repeat(9 * 1024 * 1024)]);
d.task("never", { each: long }, () => null);
const pick = d.branch("pick", () => ["chosen_with_a_long_name"]);
chain(pick, d.empty("chosen_with_a_long_name"));
export default d;
`;
    await deploy(postgres.db, await dagFolder({ "mapped_over.js": file }));
    const run = await runToEnd(postgres.db, "mapped_over");
    expect([run.task("each", 0).output, run.task("each", 1).output]).toEqual([100, 100]);
    expect(run.task("long").reason).toContain("over the limit of 8388608");
    expect(run.task("chosen_with_a_long_name").state).toBe("success");
    expect((await storedOf(run.id)).filter(({ bytes }) => bytes !== null)).toEqual([]);
  });

  describe("the file of a value", () => {
    test("goes when its try is tried again, when it is replaced and when its task is cleared", async () => {
      const place = await open();
      const worker = await withWorker({ folder: place.folder, spillBytes: 100 });
      const file = `
import { dag } from "dagsmith";
const d = dag("again", { defaults: { retries: 1, retryDelay: "0s" } });
d.task("twice", async ({ xcom, tryNumber }) => {
  await xcom.push("first", "x".repeat(200));
  if (tryNumber === 1) throw new Error("again");
  await xcom.push("second", "x".repeat(200));
  await xcom.push("second", "y".repeat(200));
  await xcom.push("second", "short");
});
export default d;
`;
      await deploy(postgres.db, await dagFolder({ "again.js": file }));
      const { id } = await runToEnd(postgres.db, "again");
      await sweep(place);
      expect((await storedOf(id)).map(({ key, value, state }) => [key, value, state])).toEqual([
        ["first", null, "kept"],
        ["second", "short", null],
      ]);
      expect(await place.names()).toHaveLength(1);
      await worker.stop();
      await clearRuns(postgres.db, { of: { run: id }, actor: "test" });
      await sweep(place);
      expect([await storedOf(id), await place.names()]).toEqual([[], []]);
    });

    test("goes with its run", async () => {
      const place = await open();
      const worker = await withWorker({ folder: place.folder, spillBytes: 100 });
      const code = `import { dag } from "dagsmith";\nconst d = dag("deleted");\nd.task("t", () => "x".repeat(200));\nexport default d;\n`;
      await deploy(postgres.db, await dagFolder({ "deleted.js": code }));
      const { id } = await runToEnd(postgres.db, "deleted");
      await worker.stop();
      const file = await fileOf(id);
      expect(await place.names()).toContain(file);
      await rows(postgres.db, "delete from dagsmith.dag_run where id = $1", [id]);
      await sweep(place);
      expect(await place.names()).not.toContain(file);
    });

    test("that was written and never stored is left for a day, then goes", async () => {
      const place = await open();
      const { file } = await spillTo(place).keep('"left behind"', 1e9);
      await sweep(place);
      expect(await place.names()).toEqual([file]);
      await rows(
        postgres.db,
        "update dagsmith.xcom_file set created_at = now() - interval '25 hours' where name = $1",
        [file],
      );
      await sweep(place);
      expect(await place.names()).toEqual([]);
    });
  });

  describe("a file that cannot be read", () => {
    const FILE = `
import { dag } from "dagsmith";
const d = dag("unreadable");
const large = d.task("large", () => "x".repeat(200));
d.task("reads", { inputs: { large } }, ({ inputs }) => inputs.large.length);
d.task("pulls", { inputs: { large: d.empty("nothing") } }, ({ xcom }) => xcom.pull("large"));
export default d;
`;
    const damaged = async (
      damage: (place: TestPlace, name: string) => Promise<void>,
      xcoms?: null,
    ): Promise<readonly (string | null)[]> => {
      const place = await open();
      const worker = await withWorker({ folder: place.folder, spillBytes: 100 });
      await deploy(postgres.db, await dagFolder({ "unreadable.js": FILE }));
      const { id } = await runToEnd(postgres.db, "unreadable");
      await worker.stop();
      const name = await fileOf(id);
      await damage(place, name);
      for (const taskId of ["reads", "pulls"])
        await clearRuns(postgres.db, { of: { run: id }, taskId, actor: "test" });
      const second = await withWorker(
        xcoms === null ? undefined : { folder: place.folder, spillBytes: 100 },
      );
      const run = await runEnd(postgres.db, id);
      const reasons = ["reads", "pulls"].map((taskId) => run.task(taskId).reason);
      await clearRuns(postgres.db, {
        of: { run: id },
        taskId: "large",
        downstream: true,
        actor: "test",
      });
      expect((await runEnd(postgres.db, id)).task("reads")).toMatchObject({
        state: "success",
        output: 200,
      });
      await second.stop();
      return reasons;
    };

    test("because it is gone fails the task that needs it, with the code and what to do", async () => {
      for (const reason of await damaged((place, name) => place.lose(name))) {
        expect(reason).toMatch(/^(XCOM_FILE_MISSING|DagsmithError): /);
        expect(reason).toMatch(
          /"large" is in the file [0-9a-f-]{36}.* does not have it.*one folder that they share.*clear the task/,
        );
      }
    });

    test("because it was changed fails the task that needs it", async () => {
      for (const reason of await damaged((place, name) => place.change(name, '"else"')))
        expect(reason).toContain("which has changed since it was written");
    });

    test("because the worker has no folder says so", async () => {
      for (const reason of await damaged(async () => undefined, null))
        expect(reason).toContain("is not set on this machine");
    });
  });
});

test("a folder that cannot be written fails the task, which can be tried again", async () => {
  const path = join((await folderPlace()).folder, "file");
  await writeFile(path, "not a folder");
  await withWorker({ folder: path, spillBytes: 100 });
  const file = `import { dag } from "dagsmith";\nconst d = dag("unwritable");\nd.task("t", () => "x".repeat(200));\nexport default d;\n`;
  await deploy(postgres.db, await dagFolder({ "unwritable.js": file }));
  const { state, reason } = (await runToEnd(postgres.db, "unwritable")).task("t");
  expect([state, reason]).toEqual([
    "failed",
    expect.stringMatching(/XCOM_FILE_UNWRITABLE: A value of 202 bytes cannot be written/),
  ]);
});

/**
 * Files of tasks on workers: stored, passed on, checked, limited, and gone with their
 * owners.
 */
import { createHash } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { clearRuns, triggerRun } from "../../../runtime/actions/index.ts";
import { FileStore } from "../../../runtime/executor/files/file_store.ts";
import { sweepFiles } from "../../../runtime/executor/sweep_files.ts";
import type { WorkerOptions } from "../../../runtime/executor/worker.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { Loop } from "../../../runtime/service/loop.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { bucketPlace, folderPlace, type TestPlace } from "../../support/large_values.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { dagSpec, Rows } from "../../support/rows.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(20);
const LIMITS = { fileBytes: 1e9, runBytes: 1e9 };

async function withWorker(place: TestPlace | undefined, options: Partial<WorkerOptions> = {}) {
  const xcoms = place && { folder: place.folder, spillBytes: 1_000 };
  const worker = await testWorker(postgres.db, { slots: 2, xcoms, ...options });
  onTestFinished(() => worker.stop());
  return worker;
}

async function sweep({ folder }: TestPlace): Promise<void> {
  const files = new FileStore(postgres.db, folder, LIMITS);
  onTestFinished(() => files.close());
  await new Loop(sweepFiles([files])).runOnce();
}

const rowsOf = (runId: number) =>
  rows<{ object: string; name: string; state: string; bytes: number | null }>(
    postgres.db,
    "select object, name, state, bytes::int from dagsmith.task_file where run_id = $1 order by created_at",
    [runId],
  );

/** A DAG of one task `make`, and of a task `use` that gets its output. */
const dagOf = (id: string, make: string, use = "() => null", options = "{}") => `
import { Readable } from "node:stream";
import { readFile, writeFile } from "node:fs/promises";
import { dag } from "dagsmith";
const d = dag(${JSON.stringify(id)});
const made = d.task("make", ${options}, ${make});
d.task("use", { inputs: { made } }, ${use});
export default d;
`;

/** A running try, without a worker that runs it. */
async function runningTry() {
  const made = new Rows(postgres.db.pool);
  const workerId = "worker-of-files";
  const versionId = await made.dag(dagSpec("files_at_once"));
  const runId = await made.run("files_at_once", versionId, { state: "running" });
  const instanceId = await made.instance(runId, "only", { state: "running", workerId });
  return { instanceId, tryNumber: 1, workerId, runId };
}

async function deployed(id: string, ...parts: readonly string[]): Promise<void> {
  const [make = "", use, options] = parts;
  await deploy(postgres.db, await dagFolder({ [`${id}.js`]: dagOf(id, make, use, options) }));
}

describe.each([
  { kind: "a folder", open: folderPlace },
  { kind: "a bucket", open: bucketPlace },
])("in $kind", ({ open }: { readonly open: () => Promise<TestPlace> }) => {
  test("text, bytes, streams and paths are stored, and read in every way", async () => {
    await withWorker(await open());
    await deployed(
      "ways",
      `async ({ files }) => {
        await writeFile("/tmp/dagsmith-ways.txt", "from a path");
        const refs = [
          await files.put("text.csv", "é,b\\n"),
          await files.put("bytes.bin", new Uint8Array([0, 255])),
          await files.put("stream.json", Readable.from(['{"a"', ":1}"])),
          await files.put("path.txt", { path: "/tmp/dagsmith-ways.txt" }, { contentType: "text/x" }),
          await files.put("empty", ""),
        ];
        return refs;
      }`,
      `async ({ files, inputs: { made: [text, bytes, json, path, empty] } }) => {
        const chunks = [];
        for await (const chunk of await files.open(bytes)) chunks.push(...chunk);
        return [await files.text(text), chunks, await files.json(json), await readFile(await files.path(path), "utf8"), await files.text(empty), await files.path(path)];
      }`,
    );
    const run = await runToEnd(postgres.db, "ways");
    expect(run.task("make").output).toMatchObject([
      { name: "text.csv", size: 5, contentType: "text/csv; charset=utf-8" },
      { name: "bytes.bin", size: 2, contentType: "application/octet-stream" },
      { name: "stream.json", size: 7, contentType: "application/json" },
      { name: "path.txt", size: 11, contentType: "text/x" },
      { name: "empty", size: 0, sha256: createHash("sha256").digest("hex") },
    ]);
    const output = run.task("use").output as readonly unknown[];
    expect(output.slice(0, 5)).toEqual(["é,b\n", [0, 255], { a: 1 }, "from a path", ""]);
    await expect(
      import("node:fs/promises").then(({ stat }) => stat(output[5] as string)),
    ).rejects.toThrow("ENOENT");
  });

  test("a file of many parts arrives whole", async () => {
    await withWorker(await open());
    await deployed(
      "parts",
      `({ files }) => files.put("a", (async function* () { for (let i = 0; i < 20; i++) yield Buffer.alloc(1024 * 1024, i); })())`,
      `async ({ files, inputs }) => {
        let bytes = 0;
        for await (const chunk of await files.open(inputs.made)) bytes += chunk.length;
        return bytes;
      }`,
    );
    const run = await runToEnd(postgres.db, "parts");
    expect(run.task("use").output).toBe(20 * 1024 * 1024);
  });

  test("a file that is lost, changed or cut fails the task that reads it, with its name", async () => {
    const place = await open();
    await withWorker(place);
    await deployed(
      "faulty",
      `({ files }) => Promise.all(["lost", "changed", "cut"].map((name) => files.put(name, name + " text")))`,
      `async ({ files, inputs }) => (await Promise.allSettled(inputs.made.map((ref) => files.text(ref)))).map(({ reason }) => reason?.code)`,
    );
    const run = await runToEnd(postgres.db, "faulty");
    const [lost, changed, cut] = ["lost", "changed", "cut"].map(
      async (wanted) => (await rowsOf(run.id)).find(({ name }) => name === wanted)!.object,
    );
    await place.lose(await lost!);
    await place.change(await changed!, "CHANGED text");
    await place.change(await cut!, "cut");
    await clearRuns(postgres.db, { of: { run: run.id }, actor: "ann", taskId: "use" });
    const again = await runEnd(postgres.db, run.id);
    expect(again.task("use").output).toEqual(["FILE_GONE", "FILE_CORRUPT", "FILE_CORRUPT"]);
  });

  test("files go with a clear, with another file of the same name, with delete and with their run", async () => {
    const place = await open();
    await withWorker(place);
    await deployed(
      "going",
      `async ({ files }) => {
        await files.put("a.txt", "first");
        const other = await files.put("b.txt", "other");
        await files.delete(other);
        await files.delete(other);
        return files.put("a.txt", "second");
      }`,
      "({ files, inputs }) => files.text(inputs.made)",
    );
    const run = await runToEnd(postgres.db, "going");
    expect(run.task("use").output).toBe("second");
    await sweep(place);
    expect(await rowsOf(run.id)).toMatchObject([{ name: "a.txt", state: "kept" }]);
    await clearRuns(postgres.db, { of: { run: run.id }, actor: "ann" });
    await runEnd(postgres.db, run.id);
    await sweep(place);
    const [kept] = await rowsOf(run.id);
    expect(await place.names()).toEqual([kept?.object]);
    await rows(postgres.db, "delete from dagsmith.dag_run where id = $1", [run.id]);
    await sweep(place);
    expect(await place.names()).toEqual([]);
  });
});

test("a retry keeps the files of the try before, so that a step may refer to them", async () => {
  await withWorker(await folderPlace());
  await deployed(
    "retried",
    `async ({ files, step, tryNumber }) => {
      const made = await step("make", () => files.put("a.txt", "of try " + tryNumber));
      if (tryNumber === 1) throw new Error("no");
      return made;
    }`,
    "({ files, inputs }) => files.text(inputs.made)",
    '{ retries: 1, retryDelay: "0s" }',
  );
  expect((await runToEnd(postgres.db, "retried")).task("use").output).toBe("of try 1");
});

test("a file over the limit of a file or of the run fails the try and leaves nothing", async () => {
  const place = await folderPlace();
  await withWorker(place, { files: { fileBytes: 2_500_000, runBytes: 3_900_000 } });
  await deployed(
    "large",
    `async ({ files }) => {
      const put = (name, megabytes) => files.put(name, Readable.from(Array.from({ length: megabytes }, () => Buffer.alloc(1_000_000))));
      const failures = await Promise.allSettled([put("b", 900)]);
      await put("a", 2);
      failures.push(...(await Promise.allSettled([put("c", 2)])));
      return failures.map(({ reason }) => reason.code + " " + reason.message);
    }`,
  );
  const run = await runToEnd(postgres.db, "large");
  expect(run.task("make").output).toEqual([
    'FILE_TOO_LARGE The file "b" is over the limit of 2500000 bytes for a file. Store less, or raise DAG_FILE_MAX_BYTES.',
    'FILE_TOO_LARGE The file "c" is over the limit of 3900000 bytes for all files of a run. Store less, or raise DAG_RUN_FILES_MAX_BYTES.',
  ]);
  await sweep(place);
  expect(await rowsOf(run.id)).toMatchObject([{ name: "a", state: "kept" }]);
  expect(await place.names()).toHaveLength(1);
});

test("files that are stored at the same time keep to the limit of their run together", async () => {
  const place = await folderPlace();
  const files = new FileStore(postgres.db, place.folder, { fileBytes: 1e6, runBytes: 250 });
  onTestFinished(() => files.close());
  const owner = await runningTry();
  const allBegun = Promise.withResolvers<void>();
  let begun = 0;
  async function* bytes() {
    begun += 1;
    if (begun === 5) allBegun.resolve();
    await allBegun.promise;
    yield Buffer.alloc(100);
  }
  const put = (name: string) => files.put({ name, contentType: "text/plain" }, bytes(), owner);
  const stored = await Promise.allSettled(["a", "b", "c", "d", "e"].map(put));
  const refused = stored.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  expect(refused).toEqual(Array(3).fill("FILE_TOO_LARGE"));
  await sweep(place);
  expect(await place.names()).toHaveLength(2);
});

test.each([
  [
    "a stream that fails",
    `files.put("a", (async function* () { yield "x"; throw new Error("broken source"); })())`,
    "broken source",
  ],
  ["a path that does not exist", `files.put("a", { path: "/no/such/file" })`, "ENOENT"],
  ["a stream of other values", `files.put("a", Readable.from([{}]))`, "the content is a object"],
  ["no content", `files.put("a", undefined)`, "the content is a undefined"],
  ["a name with a path", `files.put("../a", "x")`, "no / or \\"],
  ["something that is no reference", `files.text({ name: "a" })`, "not a reference"],
  [
    "a reference to nothing",
    `files.text({ name: "a", size: 1, sha256: "0".repeat(64), contentType: "" })`,
    'The file "a" is gone',
  ],
  [
    "JSON that is none",
    `files.put("a.json", "{").then(files.json)`,
    'The file "a.json" does not have the expected content',
  ],
])("%s fails the try, and nothing is left", async (_, call, reason) => {
  const place = await folderPlace();
  await withWorker(place);
  await deployed("wrong", `({ files }) => ${call}`);
  const run = await runToEnd(postgres.db, "wrong");
  expect(run.task("make").state).toBe("failed");
  expect(run.task("make").error?.message).toContain(reason);
  await sweep(place);
  expect((await place.names()).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("without a store a file is refused with advice", async () => {
  await withWorker(undefined);
  await deployed("nowhere", `({ files }) => files.put("a", "x")`);
  const run = await runToEnd(postgres.db, "nowhere");
  expect(run.task("make").error?.message).toContain("Set DAG_XCOM_FOLDER of the workers");
});

test("a file that a dead worker had begun is never read; the next try stores it whole", async () => {
  const place = await folderPlace();
  const gate = await newGate();
  await deploy(
    postgres.db,
    await dagFolder({
      "dying.js": `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("dying");
const made = d.task("make", ({ files, tryNumber }) => files.put("a.txt", (async function* () {
  yield Buffer.alloc(1_000_000, "1");
  note("half");
  await gate();
  yield "end";
})()));
d.task("use", { inputs: { made } }, async ({ files, inputs }) => (await files.text(inputs.made)).length);
export default d;`,
    }),
  );
  const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  onTestFinished(() => scheduler.stop());
  const env = {
    DATABASE_URL: postgres.db.url,
    XCOMS: JSON.stringify({ folder: place.folder, spillBytes: 1000 }),
    ...gate.env,
  };
  const victim = await startService("worker", env);
  const { id } = await triggerRun(postgres.db, { dagId: "dying", actor: "ann" });
  await until(
    "half of the file",
    async () => (await gate.notes()).length === 1 && (await place.names()).length === 1,
  );
  await victim.end("SIGKILL");
  expect(await rowsOf(id)).toMatchObject([{ state: "claimed", bytes: null }]);
  expect(await place.names()).toEqual([expect.stringMatching(/\.part$/)]);
  await gate.open();
  await startService("worker", env);
  expect((await runEnd(postgres.db, id)).task("use").output).toBe(1_000_003);
  await rows(
    postgres.db,
    "update dagsmith.task_file set created_at = now() - interval '2 days' where run_id = $1",
    [id],
  );
  await sweep(place);
  expect(await rowsOf(id)).toMatchObject([{ name: "a.txt", state: "kept" }]);
  expect(await place.names()).toHaveLength(1);
});

test("what a bucket holds of an upload that died is given up", async () => {
  const place = await bucketPlace();
  const { openS3Values } = await import("../../../runtime/large_values/s3.ts");
  const values = openS3Values(place.folder);
  onTestFinished(() => values.close());
  const gate = Promise.withResolvers<void>();
  const object = "0".repeat(36);
  const bytes = async function* () {
    yield Buffer.alloc(40 * 1024 * 1024);
    gate.resolve();
    await new Promise<never>(() => undefined);
  };
  values.writeStream(object, bytes()).catch(() => undefined);
  await gate.promise;
  const uploads = () => place.uploads();
  await until("an upload", async () => (await uploads()).length === 1);
  await values.abandon(object);
  expect(await uploads()).toEqual([]);
  expect(await place.names()).toEqual([]);
});

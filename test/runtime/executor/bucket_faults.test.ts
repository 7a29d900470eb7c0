/**
 * What happens to large values when the object store fails, stands still, refuses or
 * loses them, and when the worker dies meanwhile.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { triggerRun } from "../../../runtime/actions/trigger.ts";
import type { S3Folder } from "../../../runtime/config/s3_folder.ts";
import { Spill } from "../../../runtime/executor/spill.ts";
import { sweepFiles } from "../../../runtime/executor/sweep_files.ts";
import { largeValuesIn } from "../../../runtime/large_values/open.ts";
import { openS3Values } from "../../../runtime/large_values/s3.ts";
import type { ServiceLog } from "../../../runtime/service/log.ts";
import { Loop } from "../../../runtime/service/loop.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { AWS_KEYS, type BucketPlace, bucketPlace } from "../../support/large_values.ts";
import { loopback } from "../../support/loopback.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  logOf,
  type RanRun,
  runEnd,
  runToEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(20);
const NAME = "0b8e3f6a-2c53-4c0e-9d0e-7f6f3f0c6a11";
const MIB = 1024 * 1024;

async function worker({ folder }: Pick<BucketPlace, "folder">): Promise<TestWorker> {
  const started = await testWorker(postgres.db, { slots: 2, xcoms: { folder, spillBytes: 100 } });
  onTestFinished(() => started.stop());
  return started;
}

/** A task that leaves a large value, and one that reads it. */
async function deployed(dagId: string, { retries = 0, bytes = 200 } = {}): Promise<void> {
  const code = `
import { dag } from "dagsmith";
const d = dag("${dagId}");
const large = d.task("large", { retries: ${retries}, retryDelay: "0s" }, () => "x".repeat(${bytes}));
d.task("reads", { inputs: { large } }, ({ inputs }) => inputs.large.length);
export default d;
`;
  await deploy(postgres.db, await dagFolder({ [`${dagId}.js`]: code }));
}

/** Does again what failed. */
async function again(run: RanRun, taskId: string): Promise<RanRun> {
  await clearRuns(postgres.db, { of: { run: run.id }, taskId, downstream: true, actor: "test" });
  return runEnd(postgres.db, run.id);
}

/** Nothing that people can read of a run and its worker says who may enter the bucket. */
async function expectNoKeys(run: RanRun, { said }: TestWorker): Promise<void> {
  const logs = await Promise.all(run.tasks.map((task) => logOf(postgres.db, task)));
  const told = JSON.stringify([run, said, logs]);
  for (const key of Object.values(AWS_KEYS)) expect(told).not.toContain(key);
}

const sweepOf = (
  place: Pick<BucketPlace, "folder">,
  said: string[] = [],
): { readonly spill: Spill; readonly sweep: Loop } => {
  const spill = new Spill(postgres.db, { folder: place.folder, spillBytes: 1 });
  onTestFinished(() => spill.close());
  const log: ServiceLog = (event, { job, reason } = {}) =>
    void said.push(`${event} ${job}: ${reason}`);
  const sweep = new Loop({ ...sweepFiles([spill]), staggerMs: 0 }, log);
  onTestFinished(() => sweep.stop());
  return { spill, sweep };
};

test("a store that answers 503 fails the try, which is tried again; nothing of it is left, and later it succeeds", async () => {
  const place = await bucketPlace();
  const busy = await worker(place);
  await deployed("busy", { retries: 1 });
  place.faults.slowDownEvery = 1;
  const run = await runToEnd(postgres.db, "busy");
  expect(run.task("large")).toMatchObject({
    state: "failed",
    tryNumber: 2,
    reason:
      "XCOM_FILE_UNWRITABLE: A value of 202 bytes cannot be written into DAG_XCOM_FOLDER (s3://values/of/dagsmith/): SlowDown: Please reduce your request rate. (HTTP 503).",
  });
  delete place.faults.slowDownEvery;
  expect(await place.keys()).toEqual([]);
  await expectNoKeys(run, busy);
  expect((await again(run, "large")).task("reads")).toMatchObject({
    state: "success",
    output: 200,
  });
});

test("a store that answers 503 now and then is asked again within the try", async () => {
  const place = await bucketPlace();
  await worker(place);
  await deployed("now_and_then");
  place.faults.slowDownEvery = 2;
  const run = await runToEnd(postgres.db, "now_and_then");
  expect(run.task("reads")).toMatchObject({ state: "success", output: 200, tryNumber: 1 });
});

test("an upload that is cut once is sent again; one that is always cut fails the try and leaves nothing", async () => {
  const place = await bucketPlace();
  await worker(place);
  await deployed("cut", { bytes: 9 * MIB });
  place.faults.cutUploads = { afterBytes: 2 * MIB, times: 1 };
  const run = await runToEnd(postgres.db, "cut");
  expect(run.task("reads")).toMatchObject({ state: "success", output: 9 * MIB, tryNumber: 1 });
  expect(place.faults.cutUploads.times).toBe(0);
  place.faults.cutUploads.times = 1_000;
  const before = await place.keys();
  const cut = await again(run, "large");
  expect(cut.task("large")).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/^XCOM_FILE_UNWRITABLE: .*dagsmith\/\): \S/),
  });
  // The value that was cleared may be swept meanwhile; a new one must not be there.
  expect((await place.keys()).filter((key) => !before.includes(key))).toEqual([]);
  place.faults.cutUploads.times = 0;
  expect((await again(cut, "large")).task("reads")).toMatchObject({
    state: "success",
    output: 9 * MIB,
  });
});

test("a store that cannot be read fails the task that needs the value, which is still there when it can", async () => {
  const place = await bucketPlace();
  const reading = await worker(place);
  await deployed("unread");
  const run = await runToEnd(postgres.db, "unread");
  place.faults.slowDownEvery = 1;
  const failed = await again(run, "reads");
  expect(failed.task("reads").reason).toMatch(
    /^XCOM_FILE_UNREADABLE: A value of task "large" is in the file [0-9a-f-]{36} of DAG_XCOM_FOLDER \(s3:\/\/values\/of\/dagsmith\/\), which cannot be read now: SlowDown: .* \(HTTP 503\)\. The value is not lost/,
  );
  await expectNoKeys(failed, reading);
  delete place.faults.slowDownEvery;
  place.faults.truncateAfter = 100;
  expect((await again(failed, "reads")).task("reads").reason).toMatch(
    /^XCOM_FILE_UNREADABLE: .* read now: aborted \(ECONNRESET\)\. The value/,
  );
  delete place.faults.truncateAfter;
  const good = await again(failed, "reads");
  expect([good.task("reads").output, good.task("large").tryNumber]).toEqual([200, 1]);
});

test("a store that is not there fails the try with one clear error", async () => {
  const place = await bucketPlace();
  const lonely = await worker(place);
  await deployed("lonely");
  await place.close();
  const run = await runToEnd(postgres.db, "lonely");
  expect(run.task("large").reason).toMatch(
    /^XCOM_FILE_UNWRITABLE: A value of 202 bytes cannot be written into DAG_XCOM_FOLDER \(s3:\/\/values\/of\/dagsmith\/\): .*ECONNREFUSED 127\.0\.0\.1:\d+\.$/,
  );
  await expectNoKeys(run, lonely);
});

test("a worker killed between the upload and the record leaves an object that goes a day later; the value of the new try stays", async () => {
  const place = await bucketPlace();
  const gate = await newGate();
  const code = `
import { dag } from "dagsmith";${GATE_CODE}
const d = dag("orphaned");
d.task("large", async ({ tryNumber }) => { note("start"); await gate(); return String(tryNumber).repeat(200); });
export default d;
`;
  await deploy(postgres.db, await dagFolder({ "orphaned.js": code }));
  const XCOMS = JSON.stringify({ folder: place.folder, spillBytes: 100 });
  const env = { DATABASE_URL: postgres.db.url, XCOMS, ...gate.env, ...AWS_KEYS };
  const [victim] = await Promise.all([startService("worker", env), startService("scheduler", env)]);
  const { id } = await triggerRun(postgres.db, { dagId: "orphaned", actor: "test" });
  await until("the start of the task", async () => (await gate.notes()).length === 1);
  const release = await lockedXComs();
  await gate.open();
  const [orphan] = await until("the upload", async () => {
    const names = await place.names();
    return names.length === 1 && names;
  });
  await victim.end("SIGKILL");
  release();
  await startService("worker", env);
  expect((await runEnd(postgres.db, id)).task("large")).toMatchObject({
    state: "success",
    tryNumber: 2,
    lostTries: 1,
  });
  const [kept] = await rows<{ file: string }>(
    postgres.db,
    "select file from dagsmith.xcom where run_id = $1",
    [id],
  );
  const both = [orphan!, kept!.file].sort();
  const { sweep } = sweepOf(place);
  await sweep.runOnce();
  expect([...(await place.names())].sort()).toEqual(both);
  await rows(
    postgres.db,
    "update dagsmith.xcom_file set created_at = created_at - interval '25 hours' where name = any($1)",
    [both],
  );
  await sweep.runOnce();
  expect(await place.names()).toEqual([kept!.file]);
});

/** Keeps every outcome from being recorded until what it gives back is called. */
async function lockedXComs(): Promise<() => void> {
  const [locked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = postgres.db.transaction(async (tx) => {
    await rows(tx, "lock table dagsmith.xcom in share mode");
    locked.resolve();
    await released.promise;
  });
  onTestFinished(() => {
    released.resolve();
    return holding;
  });
  await locked.promise;
  return released.resolve;
}

test("what cannot be removed now is said, kept in mind and removed later; the rest goes", async () => {
  const place = await bucketPlace();
  const said: string[] = [];
  const { spill, sweep } = sweepOf(place, said);
  for (const json of ["[1,2]", "[3,4]", "[5,6]"]) await spill.keep(json, 64 * MIB);
  await rows(
    postgres.db,
    "update dagsmith.xcom_file set created_at = now() - interval '25 hours' where state = 'claimed'",
  );
  place.faults.slowDownEvery = 1;
  sweep.start();
  await until("the fault to be said", async () => said.length > 0);
  expect(said).toEqual([
    expect.stringMatching(/^job_failed sweep_files: SlowDown: .* \(HTTP 503\)$/),
  ]);
  delete place.faults.slowDownEvery;
  expect(await place.names()).toHaveLength(3);
  sweep.wake();
  await until("the files to go", async () => (await place.names()).length === 0);
  await sweep.stop();
  expect(said).toHaveLength(2);
  expect(said[1]).toMatch(/^job_recovered sweep_files/);
});

/** Opens values of a store that a test answers for. */
function valuesAt(endpoint: string, options: { readonly deadlineMs?: number } = {}) {
  for (const [name, value] of Object.entries(AWS_KEYS)) vi.stubEnv(name, value);
  const folder: S3Folder = {
    bucket: "values",
    prefix: "p/",
    endpoint,
    region: null,
    pathStyle: true,
  };
  const values = openS3Values(folder, options);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    values.close();
  });
  return values;
}

const sendWhole = (response: ServerResponse): void =>
  void response.writeHead(200, { "content-length": 4 }).end("true");
const sendHalf = (response: ServerResponse): void =>
  void response.writeHead(200, { "content-length": 4 }).write("tr", () => response.destroy());

test("a body that breaks off is asked for again", async () => {
  await using store = await loopback((_, response, count) =>
    (count === 1 ? sendHalf : sendWhole)(response),
  );
  expect((await valuesAt(store.url).read(NAME))?.toString()).toBe("true");
  expect(store.requests.map(({ url }) => url.pathname)).toEqual(
    Array(2).fill(`/values/p/0b/${NAME}`),
  );
});

test("what is not done in time ends with an error, wherever the store stands still", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const address = silent.address() as { readonly port: number };
  const open: { destroy(): void }[] = [];
  silent.on("connection", (socket) => open.push(socket));
  const values = valuesAt(`http://127.0.0.1:${address.port}`, { deadlineMs: 300 });
  for (const work of [
    () => values.write(NAME, Buffer.alloc(MIB)),
    () => values.read(NAME),
    () => values.remove(NAME),
  ])
    await expect(work()).rejects.toThrow(new Error("it did not finish within 0.3 s"));
  for (const socket of open) socket.destroy();
  await using store = await loopback(
    (_, response) => void response.writeHead(200, { "content-length": 4 }).write("tr"),
  );
  await expect(valuesAt(store.url, { deadlineMs: 300 }).read(NAME)).rejects.toThrow(
    new Error("it did not finish within 0.3 s"),
  );
});

test("a worker that stops does not wait for a store that stands still", async () => {
  const asked = Promise.withResolvers<void>();
  await using store = await loopback(({ method }, response) =>
    method === "DELETE" ? asked.resolve() : void response.end(),
  );
  for (const [name, value] of Object.entries(AWS_KEYS)) vi.stubEnv(name, value);
  const said: string[] = [];
  const { spill, sweep } = sweepOf(
    {
      folder: { bucket: "values", prefix: "", endpoint: store.url, region: null, pathStyle: true },
    },
    said,
  );
  await spill.keep("[1,2]", 64 * MIB);
  await rows(
    postgres.db,
    "update dagsmith.xcom_file set created_at = now() - interval '25 hours' where state = 'claimed'",
  );
  sweep.start();
  await asked.promise;
  const stopped = sweep.stop();
  spill.close();
  await stopped;
  // Not even asked again.
  expect([said, store.requests.filter(({ method }) => method === "DELETE").length]).toEqual([
    [],
    1,
  ]);
  vi.unstubAllEnvs();
});

test.each([
  [
    "AccessDenied",
    403,
    "<Error><Code>AccessDenied</Code><Message>Access\nDenied</Message></Error>",
    "AccessDenied: Access Denied (HTTP 403)",
  ],
  [
    "NoSuchBucket",
    404,
    "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>",
    "NoSuchBucket: gone (HTTP 404)",
  ],
  [
    "a page of something else",
    404,
    "<html><body>It works!</body></html>",
    "no reason given (HTTP 404)",
  ],
  ["half a page", 403, "<html><br></html>", "it does not answer as S3 does (HTTP 403)"],
  ["nothing", 400, "", "no reason given (HTTP 400)"],
])("%s is an error in one line, and not a missing value", async (_, status, body, message) => {
  await using store = await loopback(
    (__, response) =>
      void response.writeHead(status, { "content-type": "application/xml" }).end(body),
  );
  const values = valuesAt(store.url);
  for (const work of [
    () => values.write(NAME, Buffer.from("x")),
    () => values.read(NAME),
    () => values.remove(NAME),
  ])
    await expect(work()).rejects.toMatchObject({ message });
});

test("a store that says that there is nothing to remove is believed", async () => {
  const body = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
  await using store = await loopback(
    (_, response) => void response.writeHead(404, { "content-type": "application/xml" }).end(body),
  );
  await expect(valuesAt(store.url).remove(NAME)).resolves.toBeUndefined();
});

test("without credentials the error says so", async () => {
  const values = valuesAt("http://127.0.0.1:1");
  for (const name of Object.keys(AWS_KEYS)) vi.stubEnv(name, undefined);
  for (const [name, value] of [
    ["AWS_EC2_METADATA_DISABLED", "true"],
    ["HOME", "/nowhere"],
  ] as const)
    vi.stubEnv(name, value);
  await expect(values.write(NAME, Buffer.from("x"))).rejects.toThrow(/^Could not load credentials/);
});

test("the client is loaded with the first value, and not before", () => {
  const code = `
import { createRequire } from "node:module";
const { cache } = createRequire(import.meta.url);
const loaded = () => Object.keys(cache).some((path) => path.includes("@aws-sdk"));
await import("./runtime/executor/supervisor.ts");
await import("./runtime/cli/commands.ts");
const { largeValuesIn } = await import("./runtime/large_values/open.ts");
const values = largeValuesIn({ bucket: "values", prefix: "", endpoint: "http://127.0.0.1:1", region: null, pathStyle: true });
const before = loaded();
await values.read("${NAME}").catch(() => undefined);
console.log(JSON.stringify([before, loaded()]));
`;
  const env = { PATH: process.env.PATH, ...AWS_KEYS };
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    env,
    encoding: "utf8",
  });
  expect(JSON.parse(said)).toEqual([false, true]);
});

test("a place that was never used can be closed, again and again", async () => {
  const values = largeValuesIn({
    bucket: "values",
    prefix: "",
    endpoint: null,
    region: null,
    pathStyle: false,
  });
  values.close();
  values.close();
  expect(values.place).toBe("s3://values/");
});

test("a store that could not be opened is opened again with the next value", async () => {
  let attempts = 0;
  const folder = {
    ...{ scheme: "az" as const, bucket: "lake", prefix: "" },
    get connection(): never {
      throw new Error(`attempt ${++attempts}`);
    },
  };
  const values = largeValuesIn(folder);
  await expect(values.read(NAME)).rejects.toThrow("attempt 1");
  await expect(values.read(NAME)).rejects.toThrow("attempt 2");
  values.close();
});

/** Files of tasks in tests of DAGs: given, stored, and read back. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { dag, type FileRef, isFileRef } from "dagsmith";
import { runDag, runTask, taskOf, testFile } from "dagsmith/testing";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { z } from "zod";
import { tryFiles } from "../../../runtime/child/context/task_files.ts";

const d = dag("files");
const made = d.task("make", ({ files }) => files.put("a.csv", Readable.from(["x,", "y\n"])));
const counted = d.task("count", { inputs: { made } }, async ({ files, inputs }) => {
  expectTypeOf(inputs.made).toEqualTypeOf<FileRef>();
  return (await files.text(inputs.made)).length;
});
d.task("copies", { each: [1, 2], inputs: { made } }, async ({ files, inputs, item }) => {
  await files.put("copy.csv", { path: await files.path(inputs.made) });
  const other = await files.put(`${item}.txt`, String(item));
  await files.delete(other);
});

const namesOf = (files: readonly { readonly taskId: string; readonly mapIndex: number }[]) =>
  files.map(({ taskId, mapIndex }) => `${taskId} ${mapIndex}`);

test("a file passes from task to task, and the test reads it", async () => {
  const run = await runDag(d);
  expect(run.state).toBe("success");
  expect(run.xcom("count")).toBe(4);
  expect(namesOf(run.files)).toEqual(["make -1", "copies 0", "copies 1"]);
  expect(await run.files[2]?.text()).toBe("x,y\n");
  expect(isFileRef(run.xcom("make"))).toBe(true);
});

test("with a folder the files are in it under task and name", async () => {
  const filesFolder = await mkdtemp(join(tmpdir(), "dagsmith-files-"));
  onTestFinished(() => rm(filesFolder, { recursive: true, force: true }));
  const { files } = await runDag(d, { filesFolder });
  expect(await readFile(join(filesFolder, "make/a.csv"), "utf8")).toBe("x,y\n");
  expect(await readFile(join(filesFolder, "copies[1]/copy.csv"), "utf8")).toBe("x,y\n");
  expect(await files[0]?.text()).toBe("x,y\n");
});

test("one task gets the files that a test gives it, and no others", async () => {
  const csv = testFile("b.csv", "1,2,3");
  expect((await runTask(counted, { inputs: { made: csv.ref }, files: [csv] })).output).toBe(5);
  await expect(runTask(counted, { inputs: { made: csv.ref } })).rejects.toMatchObject({
    code: "FILE_GONE",
    message: expect.stringContaining('The file "b.csv" is gone'),
  });
});

test("contents that differ from the reference fail the task", async () => {
  const csv = testFile("b.csv", "1,2,3");
  const wrong = { ...csv, ref: { ...csv.ref, size: 4 } };
  const inputs = { made: wrong.ref };
  await expect(runTask(counted, { inputs, files: [csv] })).rejects.toMatchObject({
    code: "FILE_CORRUPT",
    message: expect.stringContaining("5 of 4 bytes came"),
  });
});

test("JSON is checked by a schema, which gives it its type", async () => {
  const json = dag("json");
  json.task("read", async ({ files }) => {
    const value = await files.json(await files.put("a.json", '{"a":1}'), z.object({ a: z.int() }));
    expectTypeOf(value).toEqualTypeOf<{ a: number }>();
    return files.json(await files.put("b.json", '{"a":"1"}'), z.object({ a: z.int() }));
  });
  await expect(runTask(taskOf(json, "read"))).rejects.toMatchObject({
    code: "INVALID_FILE",
    message: expect.stringContaining('The file "b.json" does not have the expected content: '),
  });
});

test("a copy that failed is made again, and goes with the try", async () => {
  const csv = testFile("b.csv", "1,2,3");
  let reads = 0;
  const flaky = async () => {
    reads += 1;
    if (reads === 1) throw new Error("the store is away");
    return Readable.from([Buffer.from("1,2,3")]);
  };
  const { files, close } = tryFiles({ readFile: flaky } as never);
  await expect(files.path(csv.ref)).rejects.toThrow("the store is away");
  const path = await files.path(csv.ref);
  expect(await readFile(path, "utf8")).toBe("1,2,3");
  await close();
  expect(existsSync(path)).toBe(false);
});

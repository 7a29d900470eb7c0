/** Processes that are killed leave what they compiled to the next ones. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Scratch } from "../../../runtime/executor/scratch.ts";
import { TaskProcess } from "../../../runtime/executor/task_process.ts";
import { until } from "../../support/until.ts";

test("a task process that is killed has written its compiled modules", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-compiled-"));
  const compiled = async () => (await readdir(folder, { recursive: true })).length;
  const scratch = new Scratch("compile_cache");
  const process = new TaskProcess({ env: { NODE_COMPILE_CACHE: folder }, folder, scratch });
  onTestFinished(() => scratch.close());
  onTestFinished(async () => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await process.ready;
  // More than the folder of this version of Node.
  await until("the compiled modules", async () => (await compiled()) > 10);
  await process.stop();
  expect(await compiled()).toBeGreaterThan(10);
});

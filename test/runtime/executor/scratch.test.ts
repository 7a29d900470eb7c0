/** The temporary folders of task processes, and who removes them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { hasEnded, thisProcess } from "../../../runtime/executor/process_identity.ts";
import { Scratch } from "../../../runtime/executor/scratch.ts";
import { TaskProcess } from "../../../runtime/executor/task_process.ts";
import { until } from "../../support/until.ts";

let temporary = "";
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "scratch-test-"));
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
});

/** The name that a process on this machine had. */
async function endedProcess(): Promise<string> {
  const child = spawn("true");
  await once(child, "exit");
  const [machine, , start] = thisProcess().split("_");
  return [machine, child.pid, start].join("_");
}

test("a process has ended when no process has its id, or another one has it", async () => {
  const [machine, pid, start] = thisProcess().split("_");
  expect(hasEnded(await endedProcess())).toBe(true);
  expect(hasEnded([machine, pid, Number(start) - 1].join("_"))).toBe(true);
  expect(hasEnded(thisProcess())).toBe(false);
});

test.each(["", "x", "other_1_2", `${thisProcess().split("_")[0]}_0_1`])(
  "a name that does not tell the process is not taken for an ended one: %j",
  (name) => {
    expect(hasEnded(name)).toBe(false);
  },
);

test("a sweep removes what ended workers left, and nothing of living workers or of others", async () => {
  const [living, sweeping] = [new Scratch("living"), new Scratch("sweeping")];
  const kept = living.make();
  const left = `dagsmith-tasks-${await endedProcess()}-w`;
  await mkdir(join(temporary, left, "0", "deep"), { recursive: true });
  await mkdir(join(temporary, "other"));
  await symlink(join(temporary, "other"), join(temporary, `${left}2`));
  expect(await sweeping.sweep()).toBe(1);
  expect(existsSync(String(kept))).toBe(true);
  expect(existsSync(join(temporary, left))).toBe(false);
  expect(await readdir(temporary)).toContain("other");
  expect(await readdir(temporary)).toContain(`${left}2`);
});

test("a task process starts without a folder of its own when none can be made", async () => {
  await writeFile(join(temporary, "file"), "");
  vi.stubEnv("TMPDIR", join(temporary, "file"));
  const scratch = new Scratch("one");
  expect(scratch.make()).toBeUndefined();
  const process = new TaskProcess({ env: {}, folder: temporary, scratch });
  onTestFinished(() => process.stop());
  await process.ready;
  expect(process.isUsable).toBe(true);
});

test("the folder of a killed task process is removed while its worker goes on", async () => {
  const scratch = new Scratch("one");
  const process = new TaskProcess({ env: {}, folder: temporary, scratch });
  onTestFinished(() => process.stop());
  await process.ready;
  const [home = ""] = await readdir(temporary);
  expect(await readdir(join(temporary, home))).toEqual(["0"]);
  await process.stop();
  await until("an empty folder", async () => (await readdir(join(temporary, home))).length === 0);
  await scratch.close();
  expect(await readdir(temporary)).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  "a worker that is root removes the folder of another user as that user, and follows no link",
  async () => {
    const [uid, gid] = [65_534, 65_534];
    await chmod(temporary, 0o711);
    const scratch = new Scratch("one", { uid, gid, home: null });
    const folder = String(scratch.make());
    await mkdir(join(temporary, "other"));
    await mkdir(join(folder, "deep"));
    await chown(join(folder, "deep"), uid, gid);
    await symlink(join(temporary, "other"), join(folder, "deep", "link"));
    await scratch.remove(folder);
    expect(existsSync(folder)).toBe(false);
    await scratch.close();
    expect(await readdir(temporary)).toEqual(["other"]);
  },
);

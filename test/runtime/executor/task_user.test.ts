/**
 * Task processes of another user: what they can do, what they cannot read, and who is
 * refused.
 */
import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { findTaskUser } from "../../../runtime/executor/task_user.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import { deploy, isGone, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase();
const NOBODY = 65_534;
const MODULE = new URL("../../../runtime/executor/task_user.ts", import.meta.url).href;
const needs = { folder: process.cwd(), secretFiles: [] };

async function folderOfRoot(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-root-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.skipIf(process.getuid?.() !== 0)("as root, DAG_TASK_USER", () => {
  test("starts tasks as a user who reads neither the worker's environment, nor its files, nor its memory", async () => {
    const folder = await folderOfRoot();
    const key = join(folder, "secret.key");
    await writeFile(key, "secret", { mode: 0o600 });
    const user = await findTaskUser("nobody", needs);
    await deploy(
      postgres.db,
      await dagFolder({
        "spy.js": `import { spawn } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dag } from "dagsmith";
const attempt = (work) => { try { return work() } catch (error) { return error.code; } };
const d = dag("spy");
d.task("looks", async () => ({
  user: [process.getuid(), process.getgid(), process.getgroups().length],
  home: process.env.HOME ?? null,
  environ: attempt(() => readFileSync("/proc/" + process.ppid + "/environ")),
  memory: attempt(() => readFileSync("/proc/" + process.ppid + "/mem")),
  files: attempt(() => readdirSync("/proc/" + process.ppid + "/fd")),
  signal: attempt(() => process.kill(process.ppid, "SIGKILL")),
  key: attempt(() => readFileSync(process.env.KEY)),
  bundles: attempt(() => readdirSync(process.env.CACHE)),
  bundle: attempt(() => writeFileSync(process.env.CACHE + "/x", "x")),
}));
// Time enough to start the child, on a busy machine too.
d.task("has_children", { executionTimeout: "3s" }, async ({ xcom }) => {
  await xcom.push("pid", spawn("/bin/sleep", ["300"]).pid);
  await new Promise(() => undefined);
});
export default d;`,
      }),
    );
    const cache = await folderOfRoot();
    const worker = await testWorker(postgres.db, {
      ...{ cacheFolder: cache, taskUser: user },
      taskEnv: { KEY: key, CACHE: cache, HOME: "/root" },
    });
    onTestFinished(() => worker.stop());
    const run = await runToEnd(postgres.db, "spy");
    expect(run.task("looks").output).toEqual({
      ...{ user: [NOBODY, NOBODY, 1], home: "/nonexistent" },
      ...{ environ: "EACCES", memory: "EACCES", files: "EACCES", signal: "EPERM" },
      ...{ key: "EACCES", bundles: "EACCES", bundle: "EACCES" },
    });
    expect(run.task("has_children").reason).toContain("executionTimeout");
    const [child] = await rows<{ value: number }>(
      postgres.db,
      "select value from dagsmith.xcom where run_id = $1 and key = 'pid'",
      [run.id],
    );
    await until("the end of the child", async () => isGone(child!.value));
  });

  test.each([
    ["no_such_user", "there is no such user in /etc/passwd"],
    ["root", "root can read everything"],
    ["0:0", "root can read everything"],
  ])("%s is refused with one clear error", async (name, reason) => {
    await expect(findTaskUser(name, needs)).rejects.toMatchObject({
      code: "TASK_USER_REFUSED",
      message: `DAG_TASK_USER "${name}" cannot be used: ${reason}.`,
    });
  });

  test("takes a user without a name, as uid:gid", async () => {
    expect(await findTaskUser("12345:54321", needs)).toEqual({
      ...{ uid: 12_345, gid: 54_321, home: null },
    });
  });

  test("is refused for the owner of a secret of dagsmith", async () => {
    const key = join(await folderOfRoot(), "password");
    await writeFile(key, "secret");
    await chown(key, NOBODY, NOBODY);
    await expect(findTaskUser("nobody", { ...needs, secretFiles: [key] })).rejects.toThrow(
      `that user owns ${key}, which holds a secret of dagsmith`,
    );
  });

  test("is refused for a user who cannot read the project", async () => {
    const folder = await folderOfRoot();
    await chmod(folder, 0o700);
    const project = join(folder, "project");
    await expect(findTaskUser("nobody", { ...needs, folder: project })).rejects.toThrow(
      `that user cannot read ${project}`,
    );
  });

  test("is refused in a worker that is not root", async () => {
    const call = `await (await import("${MODULE}")).findTaskUser("nobody", { folder: "/", secretFiles: [] }).catch(({ code, message }) => console.log(code, message));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", call],
      { uid: NOBODY, gid: NOBODY, env: {}, cwd: "/" },
    );
    expect(stdout.trim()).toBe(
      'TASK_USER_REFUSED DAG_TASK_USER "nobody" cannot be used: only a worker that runs as root can change the user.',
    );
  });
});

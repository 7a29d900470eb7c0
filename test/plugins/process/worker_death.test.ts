/**
 * A worker that is killed in the middle of a shell task: nothing of the task goes on, and
 * the next try does the work.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd } from "../../support/worker.ts";

const postgres = migratedDatabase();

// Its first try waits for a process that it has started itself.
const SHELL = `
import { dag } from "dagsmith";
import { sh, shell } from "dagsmith/plugins/process";
const d = dag("shell");
d.task("wait", shell(() => sh\`
sleep 1000 & echo "$$ $! $PWD" >> \${process.env.DIARY}
test -e \${process.env.GATE} || wait
echo '"done"' > $DAGSMITH_OUTPUT\`));
export default d;`;

test("a worker killed during a shell task leaves no process, and no file behind the next worker", async () => {
  const gate = await newGate();
  await deploy(postgres.db, await dagFolder({ "shell.js": SHELL }));
  const temporary = await mkdtemp(join(tmpdir(), "dagsmith-worker-"));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  const env = { DATABASE_URL: postgres.db.url, TMPDIR: temporary, ...gate.env };
  await startService("scheduler", env);
  const victim = await startService("worker", env);
  const { id } = await triggerRun(postgres.db, { dagId: "shell", actor: "ann" });
  const [first] = await until("the script", async () => {
    const notes = await gate.notes();
    return notes.length === 1 && notes;
  });
  const [script, sleep, folder] = first!.split(" ");
  expect(folder).toMatch(temporary);
  await victim.end("SIGKILL");
  await until("the end of its processes", async () => ![script, sleep].map(Number).some(isAlive));
  expect(existsSync(folder!)).toBe(true);
  await gate.open();
  const next = await startService("worker", env);
  expect(existsSync(folder!)).toBe(false);
  const run = await runEnd(postgres.db, id);
  expect([run.state, run.task("wait").output]).toEqual(["success", "done"]);
  expect(await gate.notes()).toHaveLength(2);
  await next.end("SIGTERM");
  expect((await readdir(temporary)).filter((name) => name.startsWith("dagsmith"))).toEqual([]);
});

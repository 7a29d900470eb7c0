/** Rules between tasks with real processes: a scheduler, a worker, the command line. */
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { newProject, type Project, stopped } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

const FLOW = `import { chain, dag } from "dagsmith";
const d = dag("flow");
const up = d.setup("up", () => ({ id: "c-1" }));
const small = d.task("small", () => "small");
const big = d.task("big", () => "big");
const pick = d.branch("pick", { inputs: { up } }, () => small);
chain(pick, [small, big]);
const join = d.task("join", { inputs: { small, big }, triggerRule: "none_failed_min_one_success" },
  ({ inputs }) => ({ small: inputs.small ?? "nothing", big: inputs.big ?? "nothing", has: "big" in inputs }));
const maybe = d.task("maybe", { allowFailure: true }, () => { throw new Error("not today"); });
chain([join, maybe], d.teardown("down", { setups: up, inputs: { up } }, ({ inputs }) => inputs.up?.id ?? null));
export default d;
`;
const SLOW = (folder: string): string => `import { writeFileSync } from "node:fs";
import { chain, dag } from "dagsmith";
const d = dag("slow", { dagRunTimeout: "1s", maxConsecutiveFailedDagRuns: 1 });
chain(
  d.task("sleeps", () => {
    writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(process.pid));
    return new Promise(() => setTimeout(() => {}, 600_000));
  }),
  d.task("never", () => 1),
);
export default d;
`;

let database: TestDatabase;
let project: Project;
let services: readonly ChildProcess[];
beforeAll(async () => {
  database = await testDatabase();
  project = await newProject(
    { "dags/flow.ts": FLOW },
    { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() },
  );
  await project.write("dags/slow.ts", SLOW(project.folder));
  await project.json(["migrate"]);
  await project.json(["deploy"]);
  services = [project.start(["scheduler"]), project.start(["worker", "--slots", "4"])];
}, 120_000);
afterAll(async () => {
  for (const service of services) await stopped(service);
  await project.remove();
  await database.drop();
});

interface Tasks {
  readonly run: {
    readonly id: number;
    readonly state: string;
    readonly warnings: number;
    readonly reason: string | null;
  };
  readonly tasks: readonly {
    readonly taskId: string;
    readonly state: string;
    readonly warning: boolean;
    readonly reason: string | null;
  }[];
}
const STATES = {
  up: "success",
  pick: "success",
  small: "success",
  big: "skipped",
  join: "success",
  maybe: "failed",
  down: "success",
};

describe("a run with a branch, a teardown and a failure that is allowed", () => {
  test("ends the same in this process and on a worker, and shows its warning", async () => {
    const inMemory = await project.json<Tasks>(["test", "dags/flow.ts"]);
    expect(Object.fromEntries(inMemory.tasks.map(({ taskId, state }) => [taskId, state]))).toEqual(
      STATES,
    );
    const { run } = await project.json<Tasks>(["trigger", "flow", "--wait"]);
    expect([run.state, run.warnings]).toEqual(["success", 1]);
    const { tasks } = await project.json<Tasks>(["tasks", String(run.id)]);
    expect(Object.fromEntries(tasks.map(({ taskId, state }) => [taskId, state]))).toEqual(STATES);
    expect(tasks.filter(({ warning }) => warning).map(({ taskId }) => taskId)).toEqual(["maybe"]);
    const { stdout } = await project.dag(["tasks", String(run.id)]);
    expect(stdout).toMatch(/^flow .* success ⚠ 1 warning in /m);
    expect(stdout).toMatch(/^maybe +✖ failed ⚠ 1 warning /m);
    expect((await project.dag(["runs", "flow"])).stdout).toMatch(/success ⚠ 1 warning/);
    const joined = inMemory.tasks.find(({ taskId }) => taskId === "join");
    expect(joined).toMatchObject({ output: { small: "small", big: "nothing", has: false } });
  });
});

describe("a run that takes longer than its dagRunTimeout", () => {
  test("is ended by the scheduler, its process killed, and its DAG paused with the reason", async () => {
    const { run } = await project.json<Tasks>(["trigger", "slow", "--wait"]);
    expect([run.state, run.reason]).toEqual([
      "failed",
      "timed out: it took longer than its dagRunTimeout of 1 s",
    ]);
    const { tasks } = await project.json<Tasks>(["tasks", String(run.id)]);
    expect(tasks.map(({ taskId, state }) => [taskId, state])).toEqual([
      ["sleeps", "skipped"],
      ["never", "none"],
    ]);
    const pid = Number(await readFile(join(project.folder, "pid"), "utf8"));
    await until("the task's process to be killed", async () => !isAlive(pid));
    const { dags } = await project.json<{
      dags: { dagId: string; isPaused: boolean; pauseReason: string | null }[];
    }>(["list"]);
    expect(dags.find(({ dagId }) => dagId === "slow")).toMatchObject({
      isPaused: true,
      pauseReason: "its last run failed",
    });
    expect((await project.dag(["list"])).stdout).toContain("paused: its last run failed");
  });
});

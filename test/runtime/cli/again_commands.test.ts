/**
 * Doing again what was done, from the command line, with a real scheduler and a real
 * worker: backfill, clear, mark, note, label, audit.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { CLI_ACTOR, newProject, output, type Project, stopped } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const DAILY = `import { dag } from "dagsmith";
const d = dag("daily", { schedule: "@daily", catchup: "none" });
d.task("work", ({ dataInterval }) => dataInterval.start.toISODate());
export default d;
`;
const generation = (answer: string): string => `import { dag } from "dagsmith";
const d = dag("generation");
const first = d.task("first", () => "${answer}");
d.task("second", { inputs: { first } }, ({ inputs, log }) => { log.info("got " + inputs.first); });
export default d;
`;
const WAITING = `import { dag } from "dagsmith";
const d = dag("waiting");
const wait = d.task("wait", ({ signal, log, tryNumber }) => {
  log.info("waiting, try " + tryNumber);
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
});
d.task("after", { inputs: { wait } }, () => "after");
export default d;
`;

let database: TestDatabase;
let project: Project;
let services: readonly ChildProcess[];
beforeAll(async () => {
  database = await testDatabase();
  const env = { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() };
  project = await newProject(
    { "dags/daily.ts": DAILY, "dags/generation.ts": generation("one"), "dags/waiting.ts": WAITING },
    env,
  );
  await project.json(["migrate"]);
  await project.json(["deploy"]);
  services = [project.start(["scheduler"]), project.start(["worker", "--slots", "4"])];
}, 120_000);
afterAll(async () => {
  for (const service of services) expect(await stopped(service)).toBe(0);
  await project.remove();
  await database.drop();
});

describe("dag backfill", () => {
  const range = ["--from", "2026-01-01", "--to", "2026-01-05"];

  test("--dry-run lists what would happen, and does nothing", async () => {
    const { code, stdout } = await project.dag(["backfill", "daily", ...range, "--dry-run"]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^5 +2026-01-05 00:00:00Z +2026-01-06 00:00:00Z +run$/m),
    ]);
    expect(stdout).toContain("5 to run, 0 skipped. Nothing was changed.");
    expect(await project.json(["backfills", "daily"])).toEqual({ backfills: [] });
  });

  test("--wait shows a bar until the last run has ended", async () => {
    const { code, stdout } = await project.dag([
      "backfill",
      "daily",
      ...range,
      "--max-active-runs",
      "2",
      "--label",
      "why=fix",
      "--wait",
    ]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/Backfill \d+ of daily.*completed {2}█{20} {2}5 of 5\n$/),
    ]);
    const { runs } = await project.json<{
      runs: { labels: object; backfill: number; runType: string; state: string }[];
    }>([...["runs", "daily", "--label", "why=fix"]]);
    expect(runs).toHaveLength(5);
    for (const run of runs)
      expect(run).toMatchObject({
        labels: { why: "fix" },
        backfill: expect.any(Number),
        runType: "backfill",
        state: "success",
      });
  });

  test("again leaves alone what it did, and says so for each run", async () => {
    const found = await project.json<{ backfill: { id: number } }>([
      "backfill",
      "daily",
      ...range,
      "--wait",
    ]);
    expect(found).toMatchObject({
      backfill: { state: "completed", progress: { total: 5, skipped: 5 } },
    });
    const { stdout } = await project.dag(["backfills", "--id", String(found.backfill.id)]);
    expect(stdout.match(/skipped +\d+ +already exists/g)).toHaveLength(5);
  });

  test("with what cannot be is refused with a code", async () => {
    expect(await project.json(["backfill", "generation", ...range])).toMatchObject({
      error: { code: "BACKFILL_NO_SCHEDULE" },
    });
    expect(
      await project.json(["backfill", "daily", "--from", "2026-01-05", "--to", "2026-01-01"]),
    ).toMatchObject({
      error: { code: "BACKFILL_RANGE" },
    });
    expect((await project.dag(["backfill", "daily", "--from", "2026-01-01"])).code).toBe(2);
    expect(await project.json(["backfill-cancel", "999"])).toMatchObject({
      error: { code: "UNKNOWN_BACKFILL" },
    });
    expect((await project.dag(["backfill-pause", "first"])).code).toBe(2);
  });
});

describe("dag clear", () => {
  test("of a run with --version latest runs it with what is deployed now, its earlier tries still there", async () => {
    const { run } = await project.json<{ run: { id: number; version: number } }>([
      "trigger",
      "generation",
      "--wait",
    ]);
    expect(run.version).toBe(1);
    await project.write("dags/generation.ts", generation("two"));
    await project.json(["deploy"]);
    const id = String(run.id);
    const dry = await project.dag(["clear", id, "--task", "first", "--downstream", "--dry-run"]);
    expect(dry.stdout).toContain(
      "2 task instances of 1 run would be cleared. Nothing was changed.",
    );
    const cleared = await project.json(["clear", id, "--task", "first", "--downstream"]);
    expect(cleared).toMatchObject({
      runs: [{ id: run.id, instances: [{ taskId: "first" }, { taskId: "second" }] }],
    });
    expect((await project.dag(["logs", id, "second", "--follow"])).stdout).toContain("got one");
    await project.json(["clear", id, "--version", "latest"]);
    const log = await project.dag(["logs", id, "second", "--follow"]);
    expect(log.stdout).toContain("got two");
    expect(await project.json(["tasks", id])).toMatchObject({
      run: { version: 2 },
      tasks: [{ tryNumber: 3 }, { tryNumber: 3 }],
    });
    expect((await project.dag(["logs", id, "second", "--try", "1"])).stdout).toContain("got one");
  });

  test("of a DAG wants a range, and of nothing says so", async () => {
    expect((await project.dag(["clear", "daily"])).code).toBe(2);
    expect(
      await project.json([
        "clear",
        "daily",
        "--from",
        "2026-01-02",
        "--to",
        "2026-01-03",
        "--dry-run",
      ]),
    ).toMatchObject({
      runs: [{ instances: [{ taskId: "work" }] }, { instances: [{ taskId: "work" }] }],
    });
    expect(
      await project.json(["clear", "daily", "--from", "2026-01-01", "--only-failed"]),
    ).toMatchObject({
      error: { code: "NOTHING_TO_CLEAR" },
    });
  });
});

describe("against a running worker", () => {
  test("clear is refused, mark stops the task, and what it says afterwards is refused", async () => {
    const { id } = await project.json<{ id: number }>(["trigger", "waiting"]);
    const following = project.start(["logs", String(id), "wait", "--follow"]);
    await output(following, "waiting, try 1");
    expect(await project.json(["clear", String(id)])).toMatchObject({
      error: { code: "CLEAR_RUNNING" },
    });
    expect(await project.json(["mark", String(id), "wait", "success"])).toMatchObject({
      state: "success",
      taskId: "wait",
    });
    const after = await project.dag(["logs", String(id), "after", "--follow"]);
    expect(after.code).toBe(0);
    const { run, tasks } = await project.json<{ run: object; tasks: object[] }>([
      "tasks",
      String(id),
    ]);
    expect(run).toMatchObject({ state: "success" });
    expect(tasks).toMatchObject([
      { taskId: "wait", state: "success", reason: `marked success by ${CLI_ACTOR}` },
      { taskId: "after", state: "success" },
    ]);
  });

  test("a run marked failed is stopped; marked success, all of it is", async () => {
    const { id } = await project.json<{ id: number }>(["trigger", "waiting"]);
    await output(project.start(["logs", String(id), "wait", "--follow"]), "waiting, try 1");
    expect(await project.json(["mark", String(id), "failed"])).toMatchObject({
      state: "failed",
      taskId: null,
    });
    expect(await project.json(["tasks", String(id)])).toMatchObject({
      run: { state: "failed" },
      tasks: [{ state: "failed" }, { state: "none" }],
    });
    await project.json(["mark", String(id), "success"]);
    expect(await project.json(["tasks", String(id)])).toMatchObject({
      run: { state: "success" },
      tasks: [{ state: "success" }, { state: "success" }],
    });
    expect((await project.dag(["mark", String(id), "skipped"])).code).toBe(2);
    expect((await project.dag(["mark", String(id), "wait", "done"])).code).toBe(2);
  });
});

describe("notes, labels and the audit", () => {
  test("are written on a run and found again", async () => {
    const { id, runId } = await project.json<{ id: number; runId: string }>([
      "trigger",
      "generation",
    ]);
    await project.json(["note", runId, "looked\nat", "--was", ""]);
    // As a form has sent it.
    await project.json(["note", runId, "looked at", "--was", "looked\r\nat"]);
    expect(await project.json(["note", runId, "late", "--was", "other"])).toMatchObject({
      error: { code: "CHANGED_MEANWHILE" },
    });
    expect(
      await project.json(["label", String(id), "--label", "a=1", "--label", "b=2"]),
    ).toMatchObject({ labels: { a: "1", b: "2" } });
    expect(await project.json(["label", String(id), "--remove", "a"])).toMatchObject({
      labels: { b: "2" },
    });
    expect(await project.json(["runs", "--label", "b=2"])).toMatchObject({
      runs: [{ id, note: "looked at", labels: { b: "2" } }],
    });
    expect((await project.dag(["tasks", runId])).stdout).toMatch(/^labels: b=2\nnote: looked at$/m);
    expect(await project.json(["runs", "--label", "b=3"])).toEqual({ runs: [] });
    expect(await project.json(["label", String(id), "--label", "bad key=1"])).toMatchObject({
      error: { code: "INVALID_LABEL" },
    });
    const { entries } = await project.json<{ entries: { action: string; actor: string }[] }>([
      "audit",
      "generation",
    ]);
    expect(entries.slice(0, 5).map(({ actor, action }) => [actor, action])).toEqual([
      [CLI_ACTOR, "label"],
      [CLI_ACTOR, "label"],
      [CLI_ACTOR, "note"],
      [CLI_ACTOR, "note"],
      [CLI_ACTOR, "trigger"],
    ]);
  });
});

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { migrations } from "../../../migrations/index.ts";
import { startSandboxS3 } from "../../../runtime/sandbox/s3.ts";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { CLI_ACTOR, newProject, output, type Project, stopped } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const PIPELINE = `import { dag } from "dagsmith";
import { z } from "zod";
const d = dag("pipeline", { params: z.object({ count: z.number().int().default(2) }) });
const list = d.task("list", ({ params }) => Array.from({ length: params.count }, (_, index) => index));
const each = d.task("each", { each: list }, ({ item, log }) => { log.info("item", item); return item * 10; });
d.task("sum", { inputs: { each } }, ({ inputs, log }) => { log.info("\\u001b[2Jsum"); return inputs.each.reduce((a, b) => a + b, 0); });
export default d;
`;
const FAILING = `import { dag } from "dagsmith";
const d = dag("failing");
d.task("fail", { retries: 1, retryDelay: "10ms" }, ({ tryNumber, log }) => { log.warn("try " + tryNumber); throw new Error("on purpose"); });
export default d;
`;
const WAITING = `import { dag } from "dagsmith";
const d = dag("waiting");
d.task("wait", ({ signal, log }) => { log.info("waiting"); return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))); });
export default d;
`;
const EVENTFUL = `import { dag, waitForEvent } from "dagsmith";
const d = dag("eventful");
d.task("approval", waitForEvent("approved"));
d.task("never", waitForEvent("never"));
export default d;
`;

let database: TestDatabase;
let project: Project;
let services: readonly ChildProcess[];
beforeAll(async () => {
  database = await testDatabase();
  const env = { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() };
  project = await newProject(
    {
      "dags/pipeline.ts": PIPELINE,
      "dags/failing.ts": FAILING,
      "dags/waiting.ts": WAITING,
      "dags/eventful.ts": EVENTFUL,
    },
    env,
  );
  expect(await project.json(["list"])).toMatchObject({ error: { code: "SCHEMA_OLDER" } });
  expect(await project.json(["migrate"])).toEqual({
    applied: migrations.map(({ name }) => name),
  });
  expect(await project.json(["migrate"])).toEqual({ applied: [] });
  expect(await project.json(["deploy"])).toMatchObject({
    deployed: Array(4).fill({ version: 1 }),
    removed: [],
  });
  services = [project.start(["scheduler"]), project.start(["worker", "--slots", "4"])];
}, 120_000);
afterAll(async () => {
  for (const service of services) expect(await stopped(service)).toBe(0);
  await project.remove();
  await database.drop();
});

describe("a run, from trigger to logs", () => {
  test("trigger --wait shows the tasks and exits 0", async () => {
    const { code, stdout } = await project.dag([
      "trigger",
      "pipeline",
      "--params",
      '{"count": 3}',
      "--wait",
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Run \d+ of pipeline is created: manual__/);
    expect(stdout).toMatch(/each +✔ success +1 .* 3 of 3 succeeded/);
    expect(stdout).toMatch(/pipeline manual__\S+ {2}run \d+, version 1: ✔ success in/);
  });

  test("trigger --wait of a run that fails exits 1 and gives the reason", async () => {
    const { code, stdout } = await project.dag(["trigger", "failing", "--wait"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail +✖ failed +2 .*Error: on purpose/);
  });

  test("runs, tasks and logs find it by number, by run id, and by dag/run_id", async () => {
    const { id, runId } = await project.json<{ id: number; runId: string }>([
      "trigger",
      "pipeline",
      "--date",
      "2026-01-31T04:00:00Z",
    ]);
    await project.dag(["logs", String(id), "sum", "--follow"]);
    expect(await project.json(["runs", "pipeline", "--limit", "1"])).toMatchObject({
      runs: [{ id, runId, dagId: "pipeline" }],
    });
    for (const name of [String(id), runId, `pipeline/${runId}`]) {
      expect(await project.json(["tasks", name])).toMatchObject({
        run: { id },
        tasks: [{ taskId: "list" }, { taskId: "each" }, { taskId: "sum", success: 1 }],
      });
    }
    const { stdout } = await project.dag(["logs", runId, "each", "--map-index", "1"]);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d info {2}item 1\n$/);
    expect((await project.dag(["logs", runId, "each"])).code).toBe(2);
    const instances = await project.dag(["tasks", runId, "--task", "each", "--limit", "1"]);
    expect(instances.stdout).toMatch(/^INDEX +STATE .*\n0 +✔ success/);
  });

  test("log lines are shown without the control characters that tasks wrote", async () => {
    const { runs } = await project.json<{ runs: { id: number }[] }>([
      "runs",
      "pipeline",
      "--state",
      "success",
    ]);
    const { stdout } = await project.dag(["logs", String(runs[0]?.id), "sum"]);
    expect(stdout).toContain("sum");
    expect(stdout).not.toContain("\u001b");
  });

  test("each try has its own log", async () => {
    const { run } = await project.json<{ run: { id: number } }>(["trigger", "failing", "--wait"]);
    const text = async (...more: string[]) =>
      (
        await project.json<{ lines: { text: string }[] }>(["logs", String(run.id), "fail", ...more])
      ).lines.map((line) => line.text);
    expect(await text()).toContain("try 2");
    expect(await text("--try", "1")).toContain("try 1");
    expect((await project.dag(["logs", String(run.id), "fail", "--try", "3"])).code).toBe(2);
  });

  test("an event lets the task go on that waits for it, with its value", async () => {
    const { id } = await project.json<{ id: number }>(["trigger", "eventful"]);
    expect(
      await project.json(["event", "send", String(id), "approved", "--value", '{"by": "ann"}']),
    ).toMatchObject({ resumed: 1 });
    const { code, stdout } = await project.dag(["event", "send", String(id), "later"]);
    expect([code, stdout]).toEqual([
      0,
      `Event later is sent to run ${id} of eventful: no task waits for it yet.\n`,
    ]);
    expect(
      (await project.dag(["event", "send", String(id), "approved", "--value", "{by"])).code,
    ).toBe(2);
    expect(await project.json(["event", "send", String(id), "a b"])).toMatchObject({
      error: { code: "INVALID_ARGUMENT" },
    });
  });

  test("cancel with a task ends that task, and the run goes on", async () => {
    const { id } = await project.json<{ id: number }>(["trigger", "eventful"]);
    expect(await project.json(["cancel", String(id), "never"])).toMatchObject({
      taskId: "never",
      cancelled: true,
      instances: 1,
    });
    expect(await project.json(["cancel", String(id), "never"])).toMatchObject({
      error: { code: "TASK_NOT_ACTIVE" },
    });
    const { tasks } = await project.json<{ tasks: object[] }>(["tasks", String(id)]);
    expect(tasks).toMatchObject([
      { taskId: "approval", state: "deferred" },
      { taskId: "never", state: "skipped" },
    ]);
  });

  test("cancel ends a running task, a follower of its log ends with it, and a second cancel is refused", async () => {
    const { id } = await project.json<{ id: number }>(["trigger", "waiting"]);
    const following = project.start(["logs", String(id), "wait", "--follow"]);
    const ended = once(following, "exit");
    await output(following, "waiting");
    expect((await project.dag(["cancel", String(id), "--reason", "enough"])).code).toBe(0);
    expect((await ended)[0]).toBe(0);
    expect(await project.json(["tasks", String(id)])).toMatchObject({
      run: { state: "failed", reason: `cancelled by ${CLI_ACTOR}: enough` },
      tasks: [{ state: "failed", reason: `cancelled by ${CLI_ACTOR}: enough` }],
    });
    expect(await project.json(["cancel", String(id)])).toMatchObject({
      error: { code: "RUN_FINISHED" },
    });
  });
});

describe("names that do not exist", () => {
  test.each([
    [["trigger", "pipelin"], "UNKNOWN_DAG"],
    [["pause", "pipelin"], "UNKNOWN_DAG"],
    [["runs", "'; drop table x; --"], "UNKNOWN_DAG"],
    [["versions", "constructor"], "UNKNOWN_DAG"],
    [["tasks", "999999"], "UNKNOWN_RUN"],
    [["tasks", "99999999999999999999"], "UNKNOWN_RUN"],
    [["tasks", "pipeline/nothing"], "UNKNOWN_RUN"],
    [["cancel", "scheduled__2026-01-01"], "UNKNOWN_RUN"],
    [["logs", "1", "sun"], "UNKNOWN_TASK"],
    [["rollback", "pipeline", "7"], "UNKNOWN_VERSION"],
    [["rollback", "pipeline", "latest"], "UNKNOWN_VERSION"],
    [["trigger", "pipeline", "--params", '{"count": "x"}'], "INVALID_PARAMS"],
    [["trigger", "waiting", "--params", '{"count": 1}'], "INVALID_PARAMS"],
    [["connections", "get", "nowhere"], "CONNECTION_NOT_FOUND"],
    [["connections", "delete", "nowhere"], "CONNECTION_NOT_FOUND"],
    [["variables", "get", "nowhere"], "VARIABLE_NOT_FOUND"],
  ])("%j is %s", async (args, code) => {
    expect(await project.json(args)).toMatchObject({ error: { code } });
  });

  test("the nearest name is suggested", async () => {
    expect((await project.dag(["trigger", "pipelin"])).stderr).toContain(
      'Did you mean "pipeline"?',
    );
  });
});

describe("deploying", () => {
  test("a changed file is a new version; a broken one keeps its last; rollback goes back", async () => {
    await project.write("dags/pipeline.ts", PIPELINE.replace("item * 10", "item * 100"));
    await project.write("dags/failing.ts", `${FAILING}}`);
    const deployed = await project.dag(["deploy"]);
    expect(deployed.code).toBe(1);
    expect(deployed.stdout).toContain("deployed pipeline version 2");
    expect(deployed.stdout).toMatch(/error failing\.ts:5: /);
    expect(deployed.stdout).not.toContain("removed");
    const listed = await project.dag(["list"]);
    expect(listed.stdout).toMatch(/pipeline +on demand +3 +2 /);
    expect(listed.stdout).toMatch(/error failing\.ts:5: /);

    expect(await project.json(["rollback", "pipeline"])).toEqual({ dagId: "pipeline", version: 1 });
    expect((await project.dag(["versions", "pipeline"])).stdout).toMatch(
      /^VERSION .*\n2 .*\n1 \(current\)/,
    );
    expect((await project.dag(["rollback", "pipeline"])).code).toBe(1);
    await project.write("dags/failing.ts", FAILING);
  });

  test("a paused DAG says so in the list", async () => {
    await project.dag(["pause", "waiting"]);
    expect((await project.dag(["list"])).stdout).toMatch(/waiting .* paused/);
    await project.dag(["unpause", "waiting"]);
    expect((await project.dag(["list"])).stdout).not.toContain("paused");
  });
});

describe("connections and variables", () => {
  test("are listed without what they hold, and shown without their secrets", async () => {
    await project.dag([
      "connections",
      "set",
      "lake",
      "postgres://etl:topsecret@db:5432/lake?api_token=tok-1&region=eu",
    ]);
    const listed = await project.dag(["connections", "list"], {
      env: { DAG_CONN_OTHER: "github://:ghp-secret@host" },
    });
    expect(listed.stdout).toMatch(/lake +postgres +database/);
    expect(listed.stdout).toMatch(/other +github +DAG_CONN_OTHER/);
    const shown = await project.dag(["connections", "get", "lake"]);
    expect(shown.stdout).toContain("password: ***");
    expect(shown.stdout).toContain('extra: {"api_token":"***","region":"eu"}');
    expect(listed.stdout + shown.stdout).not.toMatch(/topsecret|tok-1|ghp-secret/);
    expect(await project.json(["connections", "get", "lake", "--reveal"])).toMatchObject({
      password: "topsecret",
    });
    expect((await project.dag(["connections", "delete", "lake"])).code).toBe(0);
  });

  test("a value is read from standard input when it is - or missing", async () => {
    await project.dag(["connections", "set", "piped", "-"], {
      input: "postgres://etl:topsecret@db/lake\n",
    });
    expect(await project.json(["connections", "get", "piped"])).toMatchObject({
      id: "piped",
      schema: "lake",
    });
    await project.dag(["variables", "set", "region"], { input: "eu\n" });
    expect((await project.dag(["variables", "get", "region"])).stdout).toBe("eu\n");
  });

  test("a connection that cannot be read is refused without being repeated", async () => {
    const { code, stderr } = await project.dag(["connections", "set", "bad", "topsecret"]);
    expect(code).toBe(1);
    expect(stderr).toContain('Connection "bad" cannot be read');
    expect(stderr).not.toContain("topsecret");
  });

  test("a variable of the environment replaces a stored one, and setting one says so", async () => {
    const env = { DAG_VAR_COLOUR: "red" };
    expect((await project.dag(["variables", "set", "colour", "blue"], { env })).stdout).toContain(
      "DAG_VAR_COLOUR is set too, and replaces it",
    );
    expect((await project.dag(["variables", "get", "colour"], { env })).stdout).toBe("red\n");
    expect((await project.dag(["variables", "get", "colour"])).stdout).toBe("blue\n");
  });

  test("another key, a wrong key and an empty key are told apart", async () => {
    await project.dag(["variables", "set", "sealed", "x"]);
    const code = async (key: string) =>
      (
        await project.json<{ error: { code: string } }>(["variables", "get", "sealed"], {
          env: { DAG_SECRET_KEY: key },
        })
      ).error.code;
    expect(await code(newSecretKey())).toBe("SECRET_UNREADABLE");
    expect(await code("short")).toBe("INVALID_SECRET_KEY");
    expect(await code("")).toBe("INVALID_SECRET_KEY");
  });
});

test("doctor finds what is there, and fails on what is not", async () => {
  const sound = await project.json<{ ok: boolean; findings: { check: string; result: string }[] }>([
    "doctor",
  ]);
  expect(sound.ok).toBe(true);
  expect(sound.findings.filter(({ result }) => result === "ok").map(({ check }) => check)).toEqual(
    expect.arrayContaining(["database", "tables", "secret key", "schedulers", "workers"]),
  );
  const broken = await project.dag(["doctor"], {
    env: { DATABASE_URL: "postgres://127.0.0.1:1/x", DAG_SECRET_KEY: "short" },
  });
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/✖ database: No database answers/);
  expect(broken.stdout).toMatch(/✖ secret key: DAG_SECRET_KEY is refused: key 1 is not/);
});

describe("doctor tries the place of large values", () => {
  const findingOf = async (env: Readonly<Record<string, string>>) => {
    const { findings } = await project.json<{
      findings: { check: string; result: string; detail: string }[];
    }>(["doctor"], { env });
    return findings.find(({ check }) => check === "large values");
  };

  test("in a folder, in a bucket, and where there is none", async () => {
    const store = await startSandboxS3({ buckets: ["lake"] });
    onTestFinished(() => store.close());
    const keys = { AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "topsecret" };
    const bucket = { DAG_XCOM_FOLDER: "s3://lake/values", AWS_ENDPOINT_URL_S3: store.url, ...keys };
    expect(await findingOf({})).toMatchObject({
      result: "note",
      detail: expect.stringContaining("DAG_XCOM_FOLDER is not set"),
    });
    expect(await findingOf({ DAG_XCOM_FOLDER: "values" })).toMatchObject({
      result: "ok",
      detail: expect.stringMatching(/values can be/),
    });
    expect(await findingOf(bucket)).toMatchObject({
      result: "ok",
      detail: "s3://lake/values/ can be written to and read",
    });
    expect([store.requests.get("PUT"), store.requests.get("DELETE")]).toEqual([1, 1]);
    expect(await findingOf({ ...bucket, DAG_XCOM_FOLDER: "s3://pond/values" })).toEqual({
      check: "large values",
      result: "no",
      detail:
        "s3://pond/values/ cannot be written to: NoSuchBucket: The specified bucket does not exist (HTTP 404)",
    });
    await project.write("occupied", "by a file");
    const file = await findingOf({ DAG_XCOM_FOLDER: "occupied" });
    expect(file).toMatchObject({
      result: "no",
      detail: expect.stringMatching(/occupied cannot be written to: /),
    });
  });

  test("and every command refuses one that is none", async () => {
    const { code, stderr } = await project.dag(["doctor"], {
      env: { DAG_XCOM_FOLDER: "ftp://lake/values" },
    });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        'DAG_XCOM_FOLDER: it begins with "ftp:"; allowed: a path, file:///folder, s3://bucket',
      ),
    ]);
  });
});

test("dag clean counts, then deletes, old history of the kinds asked for; the audit says who did it", async () => {
  const counts = await project.json(["clean", "--dry-run", "--older-than", "1h"]);
  expect(counts).toMatchObject({ dryRun: true, counts: { runs: 0, logs: 0, audit: 0 } });
  expect(await project.json(["clean", "--kind", "runs,logs"])).toEqual({
    dryRun: false,
    counts: { runs: 0, logs: 0 },
  });
  const { entries } = await project.json<{ entries: unknown[] }>(["audit", "--limit", "1"]);
  expect(entries).toMatchObject([{ actor: CLI_ACTOR, action: "clean" }]);
  const { stdout } = await project.dag(["clean", "--kind", "versions", "--dry-run"]);
  expect(stdout).toMatch(/^KIND +WOULD BE DELETED\nversions +0\nNothing was changed\.\n$/);
  const { code, stderr } = await project.dag(["clean", "--older-than", "5m"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("5m is too short; allowed: 1h")]);
});

/**
 * `dag replay`: the same work, with what the task was given then, and no trace of it in
 * the database.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { newProject, type Project, stopped } from "../../support/cli.ts";
import { rows } from "../../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const PIPELINE = (word: string) => `import { dag } from "dagsmith";
import { z } from "zod";
const d = dag("past", { params: z.object({ factor: z.number().default(1) }) });
const list = d.task("list", () => [1, 2, 3]);
const each = d.task("each", { each: list }, ({ item, params }) => item * params.factor);
d.task("sum", { inputs: { each }, retries: 1, retryDelay: "10ms" }, async ({ inputs, params, logicalDate, tryNumber, variable, xcom, log }) => {
  log.info("${word}", await variable("token"));
  console.log("printed");
  await xcom.push("seen", inputs.each);
  if (tryNumber === 1) throw new Error("on purpose");
  return { sum: inputs.each.reduce((a, b) => a + b, 0), day: logicalDate.toISODate(), factor: params.factor, tryNumber };
});
export default d;
`;

let database: TestDatabase;
let project: Project;
let services: readonly ChildProcess[];
let run: string;
beforeAll(async () => {
  database = await testDatabase();
  const env = {
    DATABASE_URL: database.url,
    DAG_SECRET_KEY: newSecretKey(),
    DAG_VAR_TOKEN: "s3cret-token",
  };
  project = await newProject({ "dags/past.ts": PIPELINE("first") }, env);
  await project.json(["migrate"]);
  await project.json(["deploy"]);
  services = [project.start(["scheduler"]), project.start(["worker", "--slots", "2"])];
  const args = ["trigger", "past", "--params", '{"factor": 10}', "--date", "2026-01-31", "--wait"];
  run = String((await project.json<{ run: { id: number } }>(args)).run.id);
  await project.write("dags/past.ts", PIPELINE("second"));
  await project.json(["deploy"]);
}, 120_000);
afterAll(async () => {
  for (const service of services) await stopped(service);
  await project.remove();
  await database.drop();
});

/** Everything that a run leaves. */
async function traces(): Promise<unknown> {
  const db = openDatabase(database.url);
  try {
    const tables = ["task_instance", "task_try", "xcom", "log_chunk", "audit"];
    return await Promise.all(
      tables.map((table) => rows(db, `select * from dagsmith.${table} order by 1, 2`)),
    );
  } finally {
    await db.close();
  }
}

test("does the last try again: version, inputs, params and date as they were, secrets hidden, nothing recorded", async () => {
  const before = await traces();
  const { code, stdout } = await project.dag(["replay", run, "sum"]);
  expect(code).toBe(0);
  expect(stdout).toContain("info  first ***");
  expect(stdout).toContain("printed");
  expect(stdout).toContain("xcom seen = [10,20,30] (not recorded)");
  expect(stdout).toContain('{"sum":60,"day":"2026-01-31","factor":10,"tryNumber":2}');
  expect(stdout).toMatch(/✔ success sum as try 2, version 1 .*; nothing was recorded\n$/);
  expect(stdout).not.toContain("s3cret");
  expect(await traces()).toEqual(before);
});

test("does an earlier try again, and fails as it failed", async () => {
  const { code, stdout } = await project.dag(["replay", run, "sum", "--try", "1"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/Error: on purpose\n +at .*past\.ts:\d+/);
  expect(await project.json(["replay", run, "sum", "--try", "1"])).toMatchObject({
    ...{ taskId: "sum", mapIndex: -1, tryNumber: 1, version: 1, outcome: "failed", output: null },
    error: { name: "Error", message: "on purpose" },
  });
});

test("does one item of a mapped task again", async () => {
  expect(await project.json(["replay", run, "each", "--map-index", "2"])).toMatchObject({
    mapIndex: 2,
    outcome: "success",
    output: 30,
  });
  expect((await project.dag(["replay", run, "each"])).code).toBe(2);
});

test("does a try as it ran, though its run has other code by now", async () => {
  await project.json(["clear", run, "--task", "sum", "--version", "latest"]);
  const db = openDatabase(database.url);
  const done = async () =>
    (
      await rows<{ state: string }>(db, "select state from dagsmith.dag_run where id = $1", [run])
    )[0]?.state;
  try {
    await until("the end of what was cleared", async () => (await done()) === "success");
  } finally {
    await db.close();
  }
  expect(await project.json(["replay", run, "sum"])).toMatchObject({
    tryNumber: 3,
    version: 2,
    output: { tryNumber: 3 },
  });
  expect(await project.json(["replay", run, "sum", "--try", "2"])).toMatchObject({
    version: 1,
    output: { factor: 10, tryNumber: 2 },
  });
  expect((await project.dag(["replay", run, "sum", "--try", "1"])).stdout).toContain(
    "info  first ***",
  );
  // What was not cleared has run the code that the run had before.
  expect(await project.json(["replay", run, "each", "--map-index", "0"])).toMatchObject({
    tryNumber: 1,
    version: 1,
    output: 10,
  });
});

test("what there was not is an error with a code", async () => {
  expect(await project.json(["replay", run, "sum", "--try", "7"])).toMatchObject({
    error: { code: "INVALID_ARGUMENT" },
  });
  expect(await project.json(["replay", run, "nothing"])).toMatchObject({
    error: { code: "UNKNOWN_TASK" },
  });
  expect(await project.json(["replay", run, "each", "--map-index", "9"])).toMatchObject({
    error: { code: "UNKNOWN_INSTANCE" },
  });
});

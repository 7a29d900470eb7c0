/**
 * The whole DAG: a made-up GitHub, an S3, and as warehouse a Redshift (through its Data
 * API) or a PostgreSQL.
 */
import { type RunDagOptions, runDag } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import declared from "../../dags/github_to_redshift.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";
import { type SandboxS3, startSandboxS3 } from "../../runtime/sandbox/s3.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { type RedshiftDataApi, startRedshiftDataApi } from "../support/redshift_data_api.ts";

const githubToRedshift = declared;
let database: TestDatabase;
let github: SandboxGithub;
let s3: SandboxS3;
let api: RedshiftDataApi;
let observer: Client;

beforeEach(async () => {
  [database, github, s3] = await Promise.all([
    testDatabase(),
    startSandboxGithub(),
    startSandboxS3({ buckets: ["lake"] }),
  ]);
  api = await startRedshiftDataApi(database.url, s3.url);
  observer = new Client({ connectionString: database.url });
  await observer.connect();
});
afterEach(async () => {
  await observer.end();
  await Promise.all([api.close(), github.close(), s3.close()]);
  await database.drop();
});

function run(warehouse: string, options: RunDagOptions = {}) {
  const keys = { aws_access_key_id: "AKIA", aws_secret_access_key: "secret" };
  const connections = {
    github: { type: "github", host: github.url },
    s3: { type: "aws", extra: { ...keys, endpoint_url: s3.url } },
    warehouse:
      warehouse === "postgres"
        ? database.url
        : { type: "redshift", host: "lake", extra: { ...keys, endpoint_url: api.url } },
  };
  return runDag(githubToRedshift, { logicalDate: "2018-01-05", connections, ...options });
}

const select = async (text: string): Promise<unknown[]> =>
  (await observer.query({ text, rowMode: "array" })).rows.map((row: unknown[]) => row.map(String));
const states = async (running: ReturnType<typeof run>) =>
  Object.fromEntries((await running).tasks.map(({ taskId, state }) => [taskId, state]));

test("twelve tasks, wired from kick_off_dag through extracts and loads to the transform", () => {
  const { tasks } = describeDag(githubToRedshift);
  const upstream = Object.fromEntries(tasks.map((task) => [task.taskId, task.upstream]));
  const loads = [
    "issues_from_astronomerio",
    "issues_from_airflow-plugins",
    "members_from_astronomerio",
    "members_from_airflow-plugins",
  ];
  expect(tasks).toHaveLength(12);
  for (const load of loads) {
    expect(upstream[`github_${load}_to_redshift`]).toEqual([
      `github_${load.replace("_from_", "_data_from_")}_to_s3`,
    ]);
    expect(upstream[`github_${load.replace("_from_", "_data_from_")}_to_s3`]).toEqual([
      "kick_off_dag",
    ]);
  }
  expect(upstream.finished_api_calls).toEqual(loads.map((load) => `github_${load}_to_redshift`));
  expect([upstream.drop_table_sql, upstream.github_transforms]).toEqual([
    ["finished_api_calls"],
    ["drop_table_sql"],
  ]);
});

describe.each(["redshift", "postgres"])("with a %s as warehouse", (warehouse) => {
  test("loads both organisations and counts a member of both in both", async () => {
    expect(new Set(Object.values(await states(run(warehouse))))).toEqual(new Set(["success"]));
    const tables = [
      "astronomerio_issues",
      "airflow-plugins_issues",
      "astronomerio_members",
      "airflow-plugins_members",
    ];
    const counts: unknown[] = [];
    for (const table of tables)
      counts.push(
        ...(await select(`select count(*), count(distinct id) from github_data."${table}"`)),
      );
    expect(counts).toEqual([
      ["380", "380"],
      ["96", "96"],
      ["112", "112"],
      ["9", "9"],
    ]);
    expect(
      await select(
        "select count, \"timestamp\"::text from github_data.open_issue_count where login = 'grace-both'",
      ),
    ).toEqual([["6", "2018-01-04 20:00:00"]]);
  });

  test("a run of one organisation skips the other lane and counts that one alone", async () => {
    const byTask = await states(run(warehouse, { params: { orgs: ["airflow-plugins"] } }));
    expect(byTask["github_issues_data_from_airflow-plugins_to_s3"]).toBe("skipped");
    expect(byTask["github_issues_from_airflow-plugins_to_redshift"]).toBe("skipped");
    expect([byTask.finished_api_calls, byTask.github_transforms]).toEqual(["success", "success"]);
    expect(
      await select("select count from github_data.open_issue_count where login = 'grace-both'"),
    ).toEqual([["3"]]);
    expect(
      await select("select tablename from pg_tables where schemaname = 'github_data' order by 1"),
    ).toEqual([["airflow-plugins_issues"], ["airflow-plugins_members"], ["open_issue_count"]]);
  });

  test("another run replaces the result; one that fails keeps the last", async () => {
    await run(warehouse);
    await run(warehouse, { params: { orgs: ["airflow-plugins"] } });
    expect(
      await select("select count from github_data.open_issue_count where login = 'grace-both'"),
    ).toEqual([["3"]]);
    const failed = await run(warehouse, { params: { orgs: ["no-such-organisation"] } });
    expect(failed.state).toBe("failed");
    expect(
      await select("select count from github_data.open_issue_count where login = 'grace-both'"),
    ).toEqual([["3"]]);
  });
});

test("a run that names one organisation twice, or none, is refused", async () => {
  for (const orgs of [["a", "a"], [], ["a", "b", "c"]]) {
    await expect(run("postgres", { params: { orgs } })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
    });
  }
});

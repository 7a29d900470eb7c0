/**
 * The whole DAG: a made-up GitHub behind a proxy that loses issues, an S3, and a
 * PostgreSQL as warehouse.
 */
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { runDag } from "dagsmith/testing";
import { Client } from "pg";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import issuesByRepository from "../../dags/issues_by_repository.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";
import { type SandboxS3, startSandboxS3 } from "../../runtime/sandbox/s3.ts";
import { type ConnectionValue, connectionOf } from "../../runtime/testing/run_task.ts";
import { type Loopback, loopback, type ReceivedRequest, sendJson } from "../support/loopback.ts";
import { migratedDatabase } from "../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { deploy, runToEnd, secrets, testWorker } from "../support/worker.ts";

const postgres = migratedDatabase();

let database: TestDatabase;
let github: SandboxGithub;
let s3: SandboxS3;
let proxy: Loopback;
/** How often the list of each repository's issues was asked for. */
let asked: Record<string, number>;
/** Loses an issue of a repository in the first so many answers. */
let loses: { readonly repository: string; readonly times: number };

beforeEach(async () => {
  [database, github, s3] = await Promise.all([
    testDatabase(),
    startSandboxGithub(),
    startSandboxS3({ buckets: ["lake"] }),
  ]);
  [asked, loses] = [{}, { repository: "", times: 0 }];
  // A rejection of forward() is unhandled, and fails the test run.
  proxy = await loopback((request, response) => void forward(request, response));
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await Promise.all([github.close(), s3.close()]);
  await database.drop();
});

async function forward({ url }: ReceivedRequest, response: ServerResponse): Promise<void> {
  const answer = await fetch(`${github.url}${url.pathname}${url.search}`);
  const found = (await answer.json()) as unknown[];
  const [, repository] = /^\/repos\/[^/]+\/([^/]+)\/issues/.exec(url.pathname) ?? [];
  if (repository === undefined || !answer.ok)
    return sendJson(response, answer.status, found, kept(answer.headers));
  asked[repository] = (asked[repository] ?? 0) + 1;
  const isLossy = repository === loses.repository && asked[repository] <= loses.times;
  sendJson(response, answer.status, isLossy ? found.slice(1) : found, kept(answer.headers));
}

const kept = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name === "link" || name === "retry-after"));

const connections = () => ({
  github: { type: "github", host: proxy.url },
  s3: {
    type: "aws",
    extra: { aws_access_key_id: "AKIA", aws_secret_access_key: "secret", endpoint_url: s3.url },
  },
  warehouse: database.url,
});

const run = () =>
  runDag(issuesByRepository, { logicalDate: "2026-01-02", connections: connections() });

async function loaded(): Promise<Readonly<Record<string, number>>> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows: tables } = await client.query(
      "select tablename from pg_tables where schemaname = 'github_data' and tablename like '%\\_issues'",
    );
    const counts: [string, number][] = [];
    for (const { tablename } of tables) {
      const { rows } = await client.query(
        `select count(*)::int as n from github_data."${tablename}"`,
      );
      counts.push([tablename.replace("airflow-plugins_", "").replace("_issues", ""), rows[0].n]);
    }
    return Object.fromEntries(counts);
  } finally {
    await client.end();
  }
}

const triesOf = ({ tasks }: Awaited<ReturnType<typeof run>>, taskId: string) =>
  tasks
    .filter((task) => task.taskId === taskId)
    .sort((a, b) => a.mapIndex - b.mapIndex)
    .map(({ state, tryNumber }) => `${state} ${tryNumber}`);

const WHOLE = { github_plugin: 60, mysql_plugin: 7, redshift_plugin: 25, salesforce_plugin: 4 };

test("loads each repository's issues, and reports them together", async () => {
  const done = await run();
  expect(done.state).toBe("success");
  expect(done.xcom("report")).toEqual({ repositories: 4, open: 30 + 13 + 4 + 2 });
  expect(await loaded()).toEqual(WHOLE);
  expect(triesOf(done, "repository")).toEqual(Array(4).fill("success 1"));
});

test("fetches a repository again when its file lacks an issue, and only that one", async () => {
  loses = { repository: "mysql_plugin", times: 1 };
  const done = await run();
  expect(done.state).toBe("success");
  expect(asked).toEqual({
    github_plugin: 1,
    mysql_plugin: 2,
    redshift_plugin: 1,
    salesforce_plugin: 1,
  });
  expect(triesOf(done, "repository")).toEqual(["success 1", "success 2", "success 1", "success 1"]);
  expect(await loaded()).toEqual(WHOLE);
});

test("loads nothing of a repository that stays broken, all of the others, and says which is missing", async () => {
  loses = { repository: "mysql_plugin", times: 100 };
  const done = await run();
  expect(done.state).toBe("failed");
  expect(asked.mysql_plugin).toBe(4);
  expect(triesOf(done, "repository")).toEqual(["success 1", "failed 4", "success 1", "success 1"]);
  expect(done.tasks.at(-1)).toMatchObject({
    taskId: "report",
    reason: "FailTask: not brought up to date: mysql_plugin",
  });
  const { mysql_plugin: _, ...others } = WHOLE;
  expect(await loaded()).toEqual(others);
});

test("loads four repositories at once on a worker", async () => {
  const connection = async (id: string) =>
    connectionOf(id, (connections() as Record<string, ConnectionValue>)[id]);
  const worker = await testWorker(postgres.db, { slots: 4, secrets: { ...secrets, connection } });
  onTestFinished(() => worker.stop());
  await deploy(postgres.db, fileURLToPath(new URL("../../dags", import.meta.url)));
  const done = await runToEnd(postgres.db, "issues_by_repository");
  expect(done.tasks.filter(({ state }) => state !== "success")).toEqual([]);
  expect(done.task("report").output).toEqual({ repositories: 4, open: 30 + 13 + 4 + 2 });
  expect(await loaded()).toEqual(WHOLE);
});

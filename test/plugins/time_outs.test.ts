/**
 * Systems that take a connection and never answer. Whatever a task does with them, it
 * ends with its try, by a time-out or a cancel, and leaves no connection behind.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { dag, type SensorBody, sql, type TaskBody } from "dagsmith";
import {
  redshiftHook,
  redshiftSql,
  s3Hook,
  s3KeySensor,
  s3ToPostgres,
  s3ToRedshift,
  snsHook,
  snsPublish,
  sqsHook,
  sqsSend,
} from "dagsmith/plugins/aws";
import { azureBlobHook } from "dagsmith/plugins/azure";
import { bigqueryHook, bigqueryLoad, bigquerySql } from "dagsmith/plugins/bigquery";
import { discordHook } from "dagsmith/plugins/discord";
import { gcsHook } from "dagsmith/plugins/gcs";
import { githubHook, githubToS3 } from "dagsmith/plugins/github";
import { httpDownload, httpHook, httpRequest, httpSensor } from "dagsmith/plugins/http";
import { kafkaHook, kafkaProduce } from "dagsmith/plugins/kafka";
import { mysqlHook, mysqlSensor, mysqlSql } from "dagsmith/plugins/mysql";
import { objectSensor, objectStore } from "dagsmith/plugins/objects";
import { postgresHook, postgresSql, sqlSensor } from "dagsmith/plugins/postgres";
import { exec, python, sh, shell } from "dagsmith/plugins/process";
import { sftpHook, sftpSensor } from "dagsmith/plugins/sftp";
import { slackHook } from "dagsmith/plugins/slack";
import { sendEmail, smtpHook } from "dagsmith/plugins/smtp";
import {
  snowflakeCopy,
  snowflakeHook,
  snowflakeSensor,
  snowflakeSql,
} from "dagsmith/plugins/snowflake";
import { sshCommand } from "dagsmith/plugins/ssh";
import { teamsHook } from "dagsmith/plugins/teams";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { makeCertificate } from "../support/certificates.ts";
import { until } from "../support/until.ts";

interface Silent extends AsyncDisposable {
  readonly port: number;
  readonly open: ReadonlySet<Socket>;
  /** The first connection has come. */
  readonly first: Promise<void>;
}

async function silentServer(): Promise<Silent> {
  const open = new Set<Socket>();
  const first = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    open.add(socket);
    first.resolve();
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...{ open, first: first.promise, port: (server.address() as { port: number }).port },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const { cert: CERTIFICATE } = await makeCertificate("silent");

const aws = (port: number) => ({ endpoint_url: `http://127.0.0.1:${port}` });
const keys = { aws_access_key_id: "AKIA", aws_secret_access_key: "s3cret" };
const connections = (port: number) => ({
  http: { type: "http", host: `http://127.0.0.1:${port}` },
  oauth: {
    ...{ type: "http", host: "http://127.0.0.1:9", login: "a", password: "s3cret" },
    extra: { login_url: `http://127.0.0.1:${port}/token` },
  },
  tls: { type: "https", host: `https://127.0.0.1:${port}`, extra: { verify: CERTIFICATE } },
  postgres: `postgres://etl:s3cret@127.0.0.1:${port}/lake`,
  kafka: `kafka://127.0.0.1:${port}`,
  mysql: `mysql://etl:s3cret@127.0.0.1:${port}/shop`,
  s3: { type: "aws", login: "AKIA", password: "s3cret", extra: aws(port) },
  redshift: {
    ...{ type: "redshift", login: "etl", schema: "dev", extra: { ...aws(port), ...keys } },
    host: "lake.abc123.eu-west-1.redshift.amazonaws.com",
  },
  gcs: {
    type: "google_cloud_platform",
    extra: { project: "p", api_endpoint: `http://127.0.0.1:${port}` },
  },
  bigquery: {
    type: "google_cloud_platform",
    extra: { project: "p", bigquery_api_endpoint: `http://127.0.0.1:${port}` },
  },
  azure: {
    ...{ type: "wasb", login: "acc", password: "czNjcmV0" },
    host: `http://127.0.0.1:${port}/acc`,
  },
  github: { type: "github", host: `http://127.0.0.1:${port}`, password: "s3cret" },
  snowflake: {
    ...{ type: "snowflake", host: `http://127.0.0.1:${port}`, login: "etl", password: "s3cret" },
    extra: { account: "acme" },
  },
  mail: {
    ...{ type: "smtp", host: "127.0.0.1", port },
    extra: { disable_tls: true, from_email: "dag@x.org" },
  },
  ssh: {
    ...{ type: "ssh", host: "127.0.0.1", port, login: "etl", password: "s3cret" },
    extra: { host_check: "none" },
  },
  slack: { type: "slack", extra: { webhook_url: `http://127.0.0.1:${port}/slack` } },
  teams: { type: "teams", extra: { webhook_url: `http://127.0.0.1:${port}/teams` } },
  discord: { type: "discord", extra: { webhook_url: `http://127.0.0.1:${port}/discord` } },
});

type Body = TaskBody<unknown>;
const file = { bucket: "lake", key: "a.csv", schema: "s", table: "t", loadType: "append" } as const;
const mail = { to: "ann@x.org", subject: "Rows", text: "12" };

/** Every operator that calls a system. */
const OPERATORS: Readonly<Record<string, Body>> = {
  httpRequest: httpRequest({ http: "http", path: "/x" }) as Body,
  postgresSql: postgresSql({ postgres: "postgres", sql: sql`select 1` }) as Body,
  s3ToPostgres: s3ToPostgres({ ...file, s3: "s3", postgres: "postgres", format: "csv" }) as Body,
  s3ToRedshift: s3ToRedshift({ ...file, s3: "s3", redshift: "redshift", format: "csv" }) as Body,
  redshiftSql: redshiftSql({ redshift: "redshift", sql: sql`select 1` }) as Body,
  githubToS3: githubToS3({
    ...{ github: "github", object: "issues", org: "acme", repo: "one" },
    ...{ s3: "s3", bucket: "lake", key: "issues.jsonl" },
  }) as Body,
  sqsSend: sqsSend({ aws: "s3", queue: "orders", messages: [{ body: "x" }] }) as Body,
  snsPublish: snsPublish({ aws: "s3", topic: "arn:aws:sns:x", messages: [{ body: "x" }] }) as Body,
  kafkaProduce: kafkaProduce({
    ...{ kafka: "kafka", topic: "orders", messages: [{ value: "x" }] },
  }) as Body,
  mysqlSql: mysqlSql({ mysql: "mysql", sql: sql`select 1` }) as Body,
  bigquerySql: bigquerySql({ bigquery: "bigquery", sql: sql`select 1` }) as Body,
  bigqueryLoad: bigqueryLoad({
    ...{ bigquery: "bigquery", from: [{ n: 1 }], table: "taxi.trips", loadType: "append" },
  }) as Body,
  snowflakeSql: snowflakeSql({ snowflake: "snowflake", sql: sql`select 1` }) as Body,
  snowflakeCopy: snowflakeCopy({
    ...{ snowflake: "snowflake", from: "@raw", format: { type: "csv" }, table: "trips" },
    loadType: "append",
  }) as Body,
  sendEmail: sendEmail({ smtp: "mail", mail: () => mail }) as Body,
  sshCommand: sshCommand({ ssh: "ssh", script: "true" }) as Body,
};
/** Every sensor that calls a system. */
const SENSORS: Readonly<Record<string, SensorBody<unknown>>> = {
  httpSensor: httpSensor({ http: "http", path: "/x" }),
  sqlSensor: sqlSensor({ postgres: "postgres", sql: sql`select 1` }),
  mysqlSensor: mysqlSensor({ mysql: "mysql", sql: sql`select 1` }),
  snowflakeSensor: snowflakeSensor({ snowflake: "snowflake", sql: sql`select 1` }),
  sftpSensor: sftpSensor({ sftp: "ssh", path: "a.csv" }),
  s3KeySensor: s3KeySensor({ s3: "s3", bucket: "lake", key: "a.csv" }),
  objectSensor: objectSensor({
    store: objectStore("gs://lake", { connection: "gcs" }),
    match: "*.csv",
  }),
};
/** Every hook, in a task's own code. */
const HOOKS: Readonly<Record<string, Body>> = {
  httpHook: async ({ hook }) => void (await (await hook(httpHook("http"))).get("/x")),
  "httpHook, asking for a token": async ({ hook }) =>
    void (await (await hook(httpHook("oauth"))).get("/x")),
  "httpHook, with certificates": async ({ hook }) =>
    void (await (await hook(httpHook("tls"))).get("/x")),
  httpDownload: httpDownload({ http: "http", path: "/x", file: "x" }) as Body,
  "httpHook, downloading": async ({ hook }) =>
    void (await (await hook(httpHook("http"))).download("/x")),
  postgresHook: async ({ hook }) =>
    void (await (await hook(postgresHook("postgres"))).query(sql`select 1`)),
  s3Hook: async ({ hook }) => void (await (await hook(s3Hook("s3"))).head("lake", "a.csv")),
  "s3Hook, uploading": async ({ hook }) =>
    void (await (await hook(s3Hook("s3"))).putText("lake", "a.csv", "x")),
  sqsHook: async ({ hook }) => void (await (await hook(sqsHook("s3"))).send("q", [{ body: "x" }])),
  snsHook: async ({ hook }) =>
    void (await (await hook(snsHook("s3"))).publish("t", [{ body: "x" }])),
  gcsHook: async ({ hook }) =>
    void (await (await hook(gcsHook("gcs"))).objects.head({ bucket: "lake", key: "a.csv" })),
  kafkaHook: async ({ hook }) => void (await (await hook(kafkaHook("kafka"))).describe("orders")),
  mysqlHook: async ({ hook }) => void (await (await hook(mysqlHook("mysql"))).query(sql`select 1`)),
  snowflakeHook: async ({ hook }) =>
    void (await (await hook(snowflakeHook("snowflake"))).query(sql`select 1`)),
  bigqueryHook: async ({ hook }) =>
    void (await (await hook(bigqueryHook("bigquery"))).columns("taxi.trips")),
  azureBlobHook: async ({ hook }) =>
    void (await (await hook(azureBlobHook("azure"))).objects.head({ bucket: "lake", key: "a" })),
  "azureBlobHook, uploading": async ({ hook }) => {
    const { objects } = await hook(azureBlobHook("azure"));
    await objects.put({ bucket: "lake", key: "a" }, Readable.from([Buffer.from("x")]), {});
  },
  redshiftHook: async ({ hook }) =>
    void (await (await hook(redshiftHook("redshift"))).query(sql`select 1`)),
  githubHook: async ({ hook }) =>
    void (await (await hook(githubHook("github"))).rest.repos.get({ owner: "a", repo: "b" })),
  smtpHook: async ({ hook }) => void (await (await hook(smtpHook("mail"))).send(mail)),
  sftpHook: async ({ hook }) => void (await (await hook(sftpHook("ssh"))).stat("a.csv")),
  slackHook: async ({ hook }) => void (await (await hook(slackHook("slack"))).send({ text: "x" })),
  teamsHook: async ({ hook }) => void (await (await hook(teamsHook("teams"))).send("x")),
  discordHook: async ({ hook }) => void (await (await hook(discordHook("discord"))).send("x")),
};
/** Operators that start programs of this machine. */
const PROGRAMS: Readonly<Record<string, Body>> = {
  exec: exec(["sleep", "600"]) as Body,
  shell: shell(sh`sleep 600`) as Body,
  python: python({ script: "import time; time.sleep(600)" }) as Body,
};

const REASON = "the try took longer than its executionTimeout";

/** Ends the try as its time-out does, as soon as the server has the connection. */
async function endedBy(body: Body | SensorBody<unknown>, server: Silent): Promise<unknown> {
  const abort = new AbortController();
  const { signal } = abort;
  const ended = runTask(body as Body, { connections: connections(server.port), signal }).then(
    () => "it succeeded",
    (error: Error) => error,
  );
  await Promise.race([server.first, ended]);
  abort.abort(new Error(REASON));
  return ended;
}

/** Side by side: most of them wait for a grace of seconds, each at a server of its own. */
describe.concurrent.each(Object.entries({ ...OPERATORS, ...SENSORS, ...HOOKS }))(
  "%s",
  (_name, body) => {
    test("ends with its try while the other side is silent, and leaves no connection", async () => {
      await using server = await silentServer();
      expect(await endedBy(body, server)).toBeInstanceOf(Error);
      await until("the connections are closed", async () => server.open.size === 0 || undefined);
    });
  },
);

describe.each(Object.entries(PROGRAMS))("%s", (_name, body) => {
  test("is ended by the time-out of its task", async () => {
    const d = dag("d");
    d.task("t", { executionTimeout: "500ms" }, body);
    const [task] = (await runDag(d)).tasks;
    expect([task?.state, task?.reason]).toEqual(["failed", `${REASON} of 0.5 s`]);
  });
});

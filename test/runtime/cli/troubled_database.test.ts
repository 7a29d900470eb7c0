/** Databases in trouble: what `dag doctor` says of them, and how a command that loses one ends. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { serverFindings } from "../../../runtime/cli/reports/server_findings.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { MIGRATED, testDatabase } from "../../support/postgres.ts";
import { silentProxy } from "../../support/silent_proxy.ts";
import { until } from "../../support/until.ts";
import { ownServer } from "../faults/under_way.ts";

const postgres = migratedDatabase();
let project: Project;
beforeAll(async () => {
  project = await newProject({
    "dags/d.ts":
      'import { dag } from "dagsmith";\nconst d = dag("d");\nd.task("t", () => 1);\nexport default d;\n',
  });
});
afterAll(() => project.remove());

/** A database of its own, with an administrator's connection from outside it. */
async function ownDatabase(): Promise<{ readonly url: string; readonly name: string }> {
  const { url, drop } = await testDatabase({ from: MIGRATED });
  onTestFinished(drop);
  return { url, name: new URL(url).pathname.slice(1) };
}

interface Doctor {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly detail: string }[];
}
const doctor = (url: string): Promise<Doctor> =>
  project.json<Doctor>(["doctor"], { env: { DATABASE_URL: url } });

test("doctor says that a database is read-only", async () => {
  const { url, name } = await ownDatabase();
  await rows(postgres.db, `alter database ${name} set default_transaction_read_only = on`);
  const { ok, findings } = await doctor(url);
  expect(ok).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({ check: "server", detail: expect.stringContaining("is read-only") }),
  );
});

test("doctor says that a login has no connection left", async () => {
  const { url, name } = await ownDatabase();
  const role = `${name}_full`;
  await rows(postgres.db, `create role ${role} login password 'x' connection limit 0`);
  onTestFinished(async () => void (await rows(postgres.db, `drop role ${role}`)));
  const full = Object.assign(new URL(url), { username: role, password: "x" });
  const { ok, findings } = await doctor(full.href);
  expect(ok).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({
      check: "database",
      detail: expect.stringContaining("too many connections"),
    }),
  );
});

test("doctor says how many connections are in use when few are left", () => {
  const facts = {
    version: "18.0",
    isReadOnly: false,
    differentFormats: [],
    between: "none",
  } as const;
  const found = (usedConnections: number) =>
    serverFindings({ ...facts, maxConnections: 100, usedConnections }, false);
  expect(found(41)).toEqual([
    expect.objectContaining({ detail: expect.stringContaining("41 of 100 connections") }),
  ]);
  expect(found(40)).toEqual([]);
});

test("a command whose database goes away ends with one line and a code, without a stack", async () => {
  const { url, name } = await ownDatabase();
  const env = { DATABASE_URL: url };
  await project.json(["deploy"], { env });
  const waiting = project.start(["trigger", "d", "--wait"], { env });
  const [stdout, stderr] = [text(waiting.stdout!), text(waiting.stderr!)];
  const observer = openDatabase(url);
  await until("the run", async () => {
    return (await rows(observer, "select 1 from dagsmith.dag_run")).length > 0;
  });
  await observer.close();
  await rows(postgres.db, `alter database ${name} with allow_connections false`);
  await rows(
    postgres.db,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1",
    [name],
  );
  const [code] = await once(waiting, "exit");
  expect(code).toBe(1);
  const written = (await stderr).trim();
  expect(written.split("\n").filter((line) => /^\s+at /.test(line))).toEqual([]);
  expect(written).toMatch(/^error: The database (?:does not answer|lets nothing in)/);
  expect(await stdout).not.toMatch(/\n\s+at /);
});

/** A login of its own to a database, with these options. */
async function loginTo(url: string, name: string, options = ""): Promise<string> {
  await rows(postgres.db, `create role ${name}_login login password 'x' ${options}`);
  onTestFinished(async () => void (await rows(postgres.db, `drop role ${name}_login`)));
  return Object.assign(new URL(url), { username: `${name}_login`, password: "x" }).href;
}

test.each([
  {
    what: "is read-only",
    trouble: async (url: string, name: string) => {
      await rows(postgres.db, `alter database ${name} set default_transaction_read_only = on`);
      return url;
    },
    line: /^error: The database does not answer: the database is read-only\. .+$/,
  },
  {
    what: "has no connection left",
    trouble: (url: string, name: string) => loginTo(url, name, "connection limit 0"),
    line: /^error: No database answers at .+: too many connections for role .+$/,
  },
  {
    what: "takes connections and never answers",
    trouble: async (url: string) => {
      const proxy = await silentProxy(url);
      proxy.silenceAll();
      return proxy.url;
    },
    line: /^error: No database answers at .+: timeout .+$/,
  },
  {
    what: "answers once and then falls silent",
    trouble: async (url: string) => {
      const proxy = await silentProxy(url);
      proxy.onSent = (text) => {
        if (text.includes("server_version_num")) proxy.silenceAll();
      };
      return proxy.url;
    },
    line: /^error: No database answers at .+: Query read timeout.+$/,
  },
  {
    what: "gives the role no rights",
    trouble: (url: string, name: string) => loginTo(url, name),
    line: /^error: .+ permission denied for schema dagsmith.+$/,
  },
])("a command ends with one line when its database $what", async ({ trouble, line }) => {
  const { url, name } = await ownDatabase();
  const env = { DATABASE_URL: await trouble(url, name) };
  const { code, stderr } = await project.dag(["pools", "set", "narrow", "3"], { env });
  expect(code).toBe(1);
  expect(stderr.trim()).toMatch(line);
});

test("a command ends with one line when the disk of its database is full", async ({ skip }) => {
  const server = await ownServer();
  skip(!server.canBeFull, "this system has no mount namespaces");
  const env = { DATABASE_URL: server.url, DAG_SECRET_KEY: randomBytes(32).toString("base64") };
  // So much that it does not fit into the free part of a page.
  const input = randomBytes(300_000).toString("base64");
  await server.fillDisk(async () => {
    const { code, stderr } = await project.dag(["variables", "set", "long"], { env, input });
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(/^error: The database does not answer: its disk is full\. .+$/);
  });
  const { code } = await project.dag(["variables", "set", "long"], { env, input });
  expect(code).toBe(0);
});

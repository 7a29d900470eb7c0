/** The secrets that a task may read, and what the audit says of them. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { secretUses } from "../../../runtime/store/access/secret_read.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { postgresChanges } from "../../../sdk/sources/postgres_changes.ts";
import { CLI_ACTOR, newProject } from "../../support/cli.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, runEnd, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(14);
let worker: TestWorker;
beforeAll(async () => {
  worker = await testWorker(postgres.db);
});
afterAll(async () => {
  await worker?.stop();
});

async function runOf(dagId: string) {
  const { id, runId } = await triggerRun(postgres.db, { dagId, actor: "ann" });
  return { runId, run: await runEnd(postgres.db, id) };
}

const auditOf = (dagId: string) =>
  rows(
    postgres.db,
    `select actor, action, run_id, detail from dagsmith.audit
     where dag_id = $1 and action like 'read %' order by run_id, action`,
    [dagId],
  );

const LIMITED = `
import { dag } from "dagsmith";
const none = dag("none_allowed", { connections: [], defaults: { retries: 3, retryDelay: "10ms" } });
none.task("ask", async ({ connection }) => (await connection("warehouse")).login);
const some = dag("some_allowed", { connections: ["other"] });
some.task("hook", async ({ hook }) => hook({ connectionId: "warehouse", definition: { types: ["postgres"], open: () => "client" } }));
const right = dag("right_allowed", { connections: ["warehouse"] });
right.task("ask", async ({ connection }) => (await connection("warehouse")).login);
export default [none, some, right];`;

test("a task that asks for a connection outside the list of its DAG fails with a code, once, and reads nothing", async () => {
  await deploy(postgres.db, await dagFolder({ "limited.js": LIMITED }));
  for (const [dagId, taskId, allowed] of [
    ["none_allowed", "ask", "none"],
    ["some_allowed", "hook", "other"],
  ] as const) {
    const { run } = await runOf(dagId);
    const task = run.task(taskId);
    expect(task).toMatchObject({ state: "failed", tryNumber: 1 });
    expect(task.reason).toContain(`may not use connection "warehouse"; allowed: ${allowed}.`);
    expect(await auditOf(dagId)).toEqual([]);
  }
  const { run } = await runOf("right_allowed");
  expect(run.task("ask").state).toBe("success");
});

const READING = `
import { dag } from "dagsmith";
const d = dag("reading", { onSuccess: async ({ connection }) => void (await connection("warehouse")) });
const list = d.task("list", () => Array.from({ length: 30 }, (_, index) => index));
d.task("each", { each: list }, async ({ connection, variable }) => {
  for (let time = 0; time < 3; time += 1) await connection("warehouse");
  await variable("not_set").catch(() => null);
  return variable("region");
});
export default d;`;

test("reading a secret leaves one audit row for each run and secret, however often it is read", async () => {
  await deploy(postgres.db, await dagFolder({ "reading.js": READING }));
  const first = await runOf("reading");
  const second = await runOf("reading");
  for (const { run } of [first, second]) expect(run.state).toBe("success");
  const rowsOf = (runId: string) =>
    (["connection", "variable"] as const).map((kind) => ({
      ...{ actor: "task each", action: `read ${kind}`, run_id: runId },
      detail: { id: kind === "connection" ? "warehouse" : "region" },
    }));
  const expected = [first.runId, second.runId].sort().flatMap(rowsOf);
  expect(await auditOf("reading")).toEqual(expected);
});

test("the DAGs that have used a connection are known, with the time of the last run", async () => {
  const uses = await secretUses(postgres.db, "connection");
  expect(uses).toEqual([
    { id: "warehouse", dagId: "reading", lastUsedAt: expect.any(Date) },
    { id: "warehouse", dagId: "right_allowed", lastUsedAt: expect.any(Date) },
  ]);
});

test("the command line lists who uses a connection, and the audit names who revealed it", async () => {
  const env = {
    DATABASE_URL: postgres.db.url,
    DAG_CONN_WAREHOUSE: "postgres://etl@db",
  };
  const project = await newProject({}, env);
  onTestFinished(() => project.remove());
  expect(await project.json(["connections", "list"])).toMatchObject({
    connections: [{ id: "warehouse", usedBy: ["reading", "right_allowed"] }],
  });
  await project.dag(["connections", "get", "warehouse"]);
  await project.dag(["connections", "get", "warehouse", "--reveal"]);
  const seen = await rows(
    postgres.db,
    "select action, detail from dagsmith.audit where actor = $1",
    [CLI_ACTOR],
  );
  expect(seen).toEqual([{ action: "read connection", detail: { id: "warehouse" } }]);
});

test.each([
  ["no list", "lake"],
  ["an empty id", [""]],
  ["an id that is no text", [7]],
])("a DAG with %s as its connections is refused", (_, connections) => {
  const d = dag("wrong", { connections: connections as never });
  d.empty("t");
  expect(() => describeDag(d)).toThrow(/connections is .*; allowed: a list of ids/);
});

test("a DAG whose event source is outside its own list is refused", () => {
  const on = [postgresChanges({ connection: "shop", table: "orders" })];
  const d = dag("outside", { connections: ["lake"], on });
  d.empty("t");
  expect(() => describeDag(d)).toThrow(/a list with "shop" too/);
});

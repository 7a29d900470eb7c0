/**
 * `dag pools`, `dag state`, `dag why`, and the warnings of `dag check` and `dag deploy`,
 * as a person calls them.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { CLI_ACTOR, newProject, type Project } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const PIPELINE = `import { dag } from "dagsmith";
const d = dag("pooled");
d.task("call", { pool: "api", poolSlots: 2 }, () => 1);
d.task("gpu", { queue: "gpu" }, () => 1);
export default d;
`;

let database: TestDatabase;
let project: Project;
beforeAll(async () => {
  database = await testDatabase();
  project = await newProject(
    { "dags/pooled.ts": PIPELINE },
    { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() },
  );
  await project.json(["migrate"]);
}, 120_000);
afterAll(async () => {
  await project.remove();
  await database.drop();
});

test("check and deploy warn of a pool that is missing or too small, with file and line", async () => {
  const missing = { file: "pooled.ts", line: 3, code: "UNKNOWN_POOL" };
  const checked = await project.dag(["check"]);
  expect(checked.code).toBe(0);
  expect(checked.stdout).toMatch(
    /warning pooled\.ts:3: Task "call" of DAG "pooled": There is no pool "api"\. Make it with: dag pools set api/,
  );
  expect(await project.json(["check"])).toMatchObject({ warnings: [missing] });
  expect(await project.json(["deploy"])).toMatchObject({ warnings: [missing] });
  await project.dag(["pools", "set", "api", "1"]);
  expect(await project.json(["deploy"])).toMatchObject({
    warnings: [{ ...missing, code: "POOL_TOO_SMALL" }],
  });
  await project.dag(["pools", "set", "api", "0"]);
  expect(await project.json(["check"])).toMatchObject({ warnings: [] });
});

test("pools are made, listed, changed and deleted", async () => {
  await project.dag(["pools", "set", "narrow", "4", "--description", "spares the API"]);
  await project.dag(["pools", "set", "narrow", "3"]);
  expect((await project.json<{ pools: unknown[] }>(["pools", "list"])).pools).toContainEqual({
    ...{ name: "narrow", slots: 3, description: "spares the API" },
    ...{ queuedSlots: 0, runningSlots: 0, waitingSlots: 0, version: 2 },
  });
  expect((await project.dag(["pools", "list"])).stdout).toMatch(
    /^narrow +3 +0 +0 +0 +spares the API$/m,
  );
  expect((await project.dag(["pools", "delete", "narrow"])).code).toBe(0);
  const gone = await project.dag(["pools", "delete", "narrow"]);
  expect([gone.code, gone.stderr]).toEqual([
    1,
    expect.stringContaining('There is no pool "narrow"'),
  ]);
  expect((await project.dag(["pools", "set", "narrow", "many"])).code).toBe(2);
  expect((await project.dag(["pools", "set", "two words", "1"])).code).toBe(2);
});

test("why says what each task waits for, and of one task alone", async () => {
  const { id } = await project.json<{ id: number }>(["trigger", "pooled"]);
  const all = await project.dag(["why", String(id)]);
  expect(all.stdout).toMatch(
    /^call … scheduled\n {2}the pool "api" is closed \(0 slots\): dag pools set api <slots>\ngpu … queued\n {2}no worker is alive/,
  );
  expect(await project.json(["why", String(id), "call"])).toMatchObject({
    ...{ dagId: "pooled", state: "running" },
    tasks: [
      {
        taskId: "call",
        mapIndex: -1,
        state: "scheduled",
        instances: 1,
        reasons: [{ gate: "pool" }],
      },
    ],
  });
  expect((await project.dag(["why", String(id), "cal"])).stderr).toContain(
    '"cal" is not a task of DAG "pooled". Its tasks: call, gpu',
  );
  await project.dag(["cancel", String(id)]);
  expect((await project.dag(["why", String(id)])).stdout).toBe(
    `Nothing of run ${id} of pooled waits.\n`,
  );
});

test("state is set, listed, printed and deleted, and the audit says by whom", async () => {
  await project.dag(["state", "set", "pooled", "cursor", '{"page": 3}']);
  await project.dag(["state", "set", "pooled", "cursor", "text that is no JSON"]);
  await project.dag(["state", "set", "shared:cursors", "orders", "7"]);
  expect((await project.dag(["state", "list", "pooled"])).stdout).toMatch(
    /^cursor +"text that is no JSON" +2 /m,
  );
  expect(await project.json(["state", "get", "shared:cursors", "orders"])).toEqual({
    ...{ key: "orders", value: 7 },
  });
  expect((await project.dag(["state", "delete", "pooled", "cursor"])).code).toBe(0);
  const gone = await project.dag(["state", "get", "pooled", "cursor"]);
  expect([gone.code, gone.stderr]).toEqual([
    1,
    expect.stringContaining('There is no state "cursor" in pooled'),
  ]);
  expect((await project.dag(["state", "get", "a/b/c", "x"])).stderr).toContain(
    "write the id of a DAG, <dag>/<task>, or shared:<name>",
  );
  const { entries } = await project.json<{ entries: { action: string; actor: string }[] }>([
    "audit",
  ]);
  const actions = entries.filter(({ action }) => action.endsWith("state"));
  expect(actions.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
    ...["delete state", "set state", "set state", "set state"].map(
      (action) => `${CLI_ACTOR} ${action}`,
    ),
  ]);
});

/** `dag questions` and `dag answer`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { driverOf, endOf, runnable } from "../../support/engine_driver.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

let database: TestDatabase;
let db: Database;
let project: Project;
let run: number;

beforeAll(async () => {
  database = await testDatabase();
  const env = { DATABASE_URL: database.url, DAG_SECRET_KEY: newSecretKey() };
  project = await newProject(
    {
      "dags/asks.ts": `import { dag } from "dagsmith";
const d = dag("asks");
d.ask("now", { subject: "-", options: ["yes", "no"], assignees: ["ada"] });
d.ask("later", { subject: "-", options: ["yes", "no"] });
d.ask("many", { each: ["a", "b"], subject: "-", options: ["yes"] });
d.task("other", () => 1);
export default d;
`,
    },
    env,
  );
  await project.json(["migrate"]);
  await project.json(["deploy"]);
  db = openDatabase(database.url);
  run = (await project.json<{ id: number }>(["trigger", "asks"])).id;
  await ask("now");
});
afterAll(async () => {
  await db?.close();
  await project?.remove();
  await database?.drop();
});

/** Opens the question of a task, as its try does. */
async function ask(taskId: string): Promise<void> {
  const driver = driverOf(db, new Plans(), run);
  const one = runnable(await driver.look()).find((instance) => instance.taskId === taskId);
  await driver.take(one!);
  const text = { type: "ask", subject: "Publish July?", body: null } as const;
  const wait = { ...text, timeoutMs: null, otherwise: null, reminderMs: null };
  const end = endOf(one!, { kind: "deferred", wait });
  await runEngineTransaction(db, new Plans(), (tx) => completeTries(tx, [end]));
}

test("a wrong answer is refused in one sentence, with exit code 1 or 2", async () => {
  const answer = (...args: string[]) => project.dag(["answer", String(run), ...args]);
  expect(await answer("now", "--value", '"perhaps"')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is refused: choose one of "yes", "no".'),
  });
  expect(await answer("other", "--value", "1")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("asks no question. Its questions: now, later, many."),
  });
  expect(await answer("many", "--value", '"yes"')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('question "many" is mapped; choose one of its instances'),
  });
});

test("an open question is listed until it is answered, once", async () => {
  const list = async () => (await project.json<{ questions: unknown[] }>(["questions"])).questions;
  expect(await list()).toMatchObject([
    { run, taskId: "now", subject: "Publish July?", assignees: ["ada"], state: "open" },
  ]);
  const { stdout } = await project.dag(["questions", String(run)]);
  expect(stdout).toMatch(/now\s+Publish July\?\s+ada/);
  const args = ["answer", String(run), "now", "--value", '"yes"'];
  expect(await project.json(args)).toMatchObject({ taskId: "now", resumed: true });
  expect(await list()).toEqual([]);
  expect(await project.dag(args)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("was answered already, by "),
  });
});

test("an answer may come before its question", async () => {
  const args = ["answer", String(run), "later", "--value", '"no"'];
  expect(await project.json(args)).toMatchObject({ resumed: false });
});

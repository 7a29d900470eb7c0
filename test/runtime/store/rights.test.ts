/** A role with the rights that docs/postgres.md lists, and no others, is enough. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Client } from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { newProject } from "../../support/cli.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd } from "../../support/worker.ts";
import { wide } from "../faults/dags.ts";

/** The statements of the page, for another name. */
function documented(name: string): readonly string[] {
  const page = readFileSync(new URL("../../../docs/postgres.md", import.meta.url), "utf8");
  const [, block = ""] = /```sql\n(create role dagsmith[\s\S]*?)```/.exec(page) ?? [];
  return block
    .split(";")
    .map((statement) => statement.replaceAll(/\bdagsmith\b/g, name).trim())
    .filter((statement) => statement !== "");
}

/**
 * A database and its role. @returns the address for the role, and for the server's owner
 */
async function prepared() {
  const owner = new Client({ connectionString: inject("postgresUrl") });
  await owner.connect();
  const name = `rights_${randomBytes(4).toString("hex")}`;
  for (const statement of documented(name)) await owner.query(statement);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const ownerUrl = url.href;
  url.username = name;
  url.password = "secret";
  onTestFinished(async () => {
    await owner.query(`drop database ${name} with (force)`);
    await owner.query(`drop role ${name}`);
    await owner.end();
  });
  return { url: url.href, ownerUrl, name };
}

test("the documented rights are enough to migrate, to run and to rescue; after that not even create is needed", async () => {
  const { url, ownerUrl, name } = await prepared();
  const db = openDatabase(url, { poolSize: 4 });
  onTestFinished(() => db.close());
  await migrate(db);
  await migrateQueue(db);
  const owner = openDatabase(ownerUrl, { poolSize: 1 });
  onTestFinished(() => owner.close());
  await rows(owner, `revoke create on database ${name} from ${name}`);
  const gate = await newGate();
  await deploy(db, await dagFolder({ "modest.js": wide("modest", 20, 0) }));
  const env = { DATABASE_URL: url, ...gate.env };
  const [scheduler, worker] = await Promise.all([
    startService("scheduler", env),
    startService("worker", env),
  ]);
  const run = await triggerRun(db, { dagId: "modest", actor: "test" });
  expect((await runEnd(db, run.id)).state).toBe("success");
  expect([scheduler.ended, worker.ended]).toEqual([null, null]);
  await worker.end("SIGKILL");
  await until("the loss of the worker", async () =>
    scheduler.said.some(({ event }) => event === "worker_lost"),
  );
  const said = [...scheduler.said, ...worker.said].map(({ event }) => event);
  expect(said.filter((event) => /failed|restarted/.test(event))).toEqual([]);
});

test("a role that may not create a schema is refused in one line that names the page", async () => {
  const { url, ownerUrl, name } = await prepared();
  const owner = openDatabase(ownerUrl, { poolSize: 1 });
  await rows(owner, `revoke create on database ${name} from ${name}`);
  await owner.close();
  const project = await newProject({}, { DATABASE_URL: url });
  onTestFinished(() => project.remove());
  const { code, stderr } = await project.dag(["migrate"]);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(
      /^error: The database refused the statement: .*permission denied for database .*docs\/postgres\.md/,
    ),
  ]);
});

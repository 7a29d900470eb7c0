/** Two versions of dagsmith on one database, as during a rolling deployment. */
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { newProject } from "../../support/cli.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, runNow, until } from "../../support/worker.ts";
import { waiting } from "./dags.ts";

const postgres = migratedDatabase();
const NEWER = "9999_of_a_newer_version";

/** What the migration of a newer version leaves, as far as older code can see it. */
async function migratedByNewer(): Promise<void> {
  await rows(
    postgres.db,
    `insert into dagsmith.migration (name, batch, migration_time) values ('${NEWER}', 99, now())`,
  );
  onTestFinished(async () => {
    await rows(postgres.db, `delete from dagsmith.migration where name = '${NEWER}'`);
  });
}

test("services end in order, with one clear line, when a newer version migrates the tables; their tries finish", async () => {
  const gate = await newGate();
  await deploy(postgres.db, await dagFolder({ "long.js": waiting("long") }));
  const project = await newProject({}, { DATABASE_URL: postgres.db.url, ...gate.env });
  onTestFinished(() => project.remove());
  const services = ["scheduler", "worker"].map((role) => project.start([role]));
  const said = services.map((one) => {
    const text: string[] = [];
    one.stderr?.on("data", (piece: Buffer) => text.push(piece.toString()));
    return text;
  });
  const ends = services.map((one) => once(one, "exit"));
  const run = await triggerRun(postgres.db, { dagId: "long", actor: "test" });
  await until("the task to run", async () => (await gate.notes()).length > 0);
  await migratedByNewer();
  await ends[0];
  await gate.open();
  const codes = (await Promise.all(ends)).map(([code]) => code as number);
  expect(codes).toEqual([1, 1]);
  for (const text of said)
    expect(text.join("")).toMatch(
      new RegExp(
        `^error: The database has schema version ${NEWER}; this dagsmith knows versions up to .*Upgrade dagsmith`,
        "m",
      ),
    );
  expect((await runNow(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "success",
    tryNumber: 1,
  });
});

test("older code refuses tables of a newer version in one line, for every service and command", async () => {
  await migratedByNewer();
  const project = await newProject({}, { DATABASE_URL: postgres.db.url });
  onTestFinished(() => project.remove());
  for (const command of ["scheduler", "worker", "migrate", "list"]) {
    const { code, stderr } = await project.dag([command]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toContain(`The database has schema version ${NEWER}`);
  }
});

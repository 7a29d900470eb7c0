/** Two versions of dagsmith on one database, as during a rolling deployment. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { newProject, stopped } from "../../support/cli.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { NEXT_MIGRATION, newerVersion } from "../../support/newer_version.ts";
import { MIGRATED, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, runNow } from "../../support/worker.ts";
import { waiting } from "./dags.ts";

const postgres = migratedDatabase();
const NEWER = "9999_of_a_newer_version";
/** The tries of these tests end when the test says so, however slow the machine is. */
const PATIENT = { DAG_WORKER_GRACE: "10m" };

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
  const project = await newProject({}, { DATABASE_URL: postgres.db.url, ...gate.env, ...PATIENT });
  onTestFinished(() => project.remove());
  const services = ["scheduler", "worker"].map((role) => project.start([role]));
  const said = services.map((one) => {
    const pieces: string[] = [];
    one.stderr?.on("data", (piece: Buffer) => pieces.push(piece.toString()));
    return pieces;
  });
  const ends = services.map((one) => once(one, "exit"));
  const run = await triggerRun(postgres.db, { dagId: "long", actor: "test" });
  await until("the task to run", async () => (await gate.notes()).length > 0);
  await migratedByNewer();
  await ends[0];
  await gate.open();
  const codes = (await Promise.all(ends)).map(([code]) => code as number);
  expect(codes).toEqual([1, 1]);
  for (const pieces of said)
    expect(pieces.join("")).toMatch(
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

test("two versions work side by side until the older one has noticed: it drains, and no try starts twice", async () => {
  const own = await testDatabase({ from: MIGRATED });
  const db = openDatabase(own.url);
  onTestFinished(async () => {
    await db.close();
    await own.drop();
  });
  const gate = await newGate();
  await deploy(db, await dagFolder({ "rolling.js": waiting("rolling") }));
  const project = await newProject({}, { DATABASE_URL: own.url, ...gate.env, ...PATIENT });
  onTestFinished(() => project.remove());
  const older = ["scheduler", "worker"].map((role) => project.start([role]));
  const said = older.map((one) => text(one.stderr!));
  const ends = older.map((one) => once(one, "exit"));
  const trigger = () => triggerRun(db, { dagId: "rolling", actor: "test" });
  const begun = (count: number) =>
    until(`${count} tries`, async () => (await gate.notes()).length >= count);

  const first = await trigger();
  await begun(1);
  const bin = await newerVersion();
  expect(await project.json(["migrate"], { bin })).toEqual({ applied: [NEXT_MIGRATION] });
  const newer = ["scheduler", "worker"].map((role) => project.start([role], { bin }));
  const second = await trigger();
  await begun(2);
  // The scheduler of the older version has noticed, and its worker is about to.
  expect((await ends[0])?.[0]).toBe(1);
  await gate.open();
  expect((await ends[1])?.[0]).toBe(1);
  const third = await trigger();

  for (const run of [first, second, third])
    expect((await runEnd(db, run.id)).task("waits")).toMatchObject({
      state: "success",
      tryNumber: 1,
    });
  const starts = (await gate.notes()).filter((note) => note.startsWith("start "));
  expect(starts).toHaveLength(3);
  for (const lines of await Promise.all(said))
    expect(lines.match(/^error: .*/gm)).toEqual([
      expect.stringContaining(`The database has schema version ${NEXT_MIGRATION}`),
    ]);
  for (const service of newer) expect(await stopped(service)).toBe(0);
}, 120_000);

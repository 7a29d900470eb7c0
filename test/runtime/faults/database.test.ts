/** A database that goes away and comes back while a run is under way. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { startPostgres } from "../../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { openDatabase } from "../../../runtime/store/database.ts";
import { migrate } from "../../../runtime/store/migrate.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { startService } from "../../support/node_process.ts";
import { deploy, runEnd, until } from "../../support/worker.ts";
import { expectEachOnce, wide } from "./dags.ts";

/** How long the database is away. */
const AWAY_MS = 10_000;

test("a run outlives a database that is away for ten seconds: no process ends, nothing is lost, no try begins twice", async () => {
  const folder = join(tmpdir(), `dagsmith-fault-${randomBytes(4).toString("hex")}`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  let server = await startPostgres({ folder, settings: ["fsync=off"] });
  onTestFinished(() => server.stop());
  const port = Number(new URL(server.url).port);
  const gate = await newGate();
  const db = openDatabase(server.url, { poolSize: 3 });
  onTestFinished(() => db.close());
  await migrate(db);
  await migrateQueue(db);
  await deploy(db, await dagFolder({ "outlives.js": wide("outlives", 200, 100) }));
  const env = { DATABASE_URL: server.url, ...gate.env };
  const services = await Promise.all([startService("scheduler", env), startService("worker", env), startService("worker", env)]);
  const run = await triggerRun(db, { dagId: "outlives", actor: "test" });
  await until("some of the work", async () => (await gate.notes()).filter((note) => note.startsWith("done")).length > 40);

  await server.stop();
  // The length of the absence is what is tested here; nothing waits for a signal.
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  expect(services.map(({ ended }) => ended)).toEqual([null, null, null]);
  server = await startPostgres({ folder, port, settings: ["fsync=off"] });

  const end = await runEnd(db, run.id, 60);
  expect([end.state, services.map(({ ended }) => ended)]).toEqual(["success", [null, null, null]]);
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  await Promise.all(services.map((service) => service.end("SIGTERM")));
  expect(services.map(({ ended }) => ended)).toEqual(Array(3).fill("ended with code 0"));
});

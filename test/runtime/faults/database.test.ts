/** A database that goes away and comes back while a run is under way. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { startPostgres } from "../../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { rows } from "../../support/migrated.ts";
import { type NodeProcess, startService } from "../../support/node_process.ts";
import { deploy, runEnd, runNow, until } from "../../support/worker.ts";
import { expectEachOnce, wide } from "./dags.ts";

/** How long the database is away. */
const AWAY_MS = 10_000;

async function underWay(id: string, text: string) {
  const folder = join(tmpdir(), `dagsmith-fault-${randomBytes(4).toString("hex")}`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = await startPostgres({ folder, settings: ["fsync=off"] });
  const gate = await newGate();
  const db = openDatabase(server.url, { poolSize: 3 });
  onTestFinished(() => db.close());
  await migrate(db);
  await migrateQueue(db);
  await deploy(db, await dagFolder({ [`${id}.js`]: text }));
  const env = { DATABASE_URL: server.url, ...gate.env };
  const services = await Promise.all([
    startService("scheduler", env),
    startService("worker", env),
    startService("worker", env),
  ]);
  const run = await triggerRun(db, { dagId: id, actor: "test" });
  await until(
    "some of the work",
    async () => (await gate.notes()).filter((note) => note.startsWith("done")).length > 40,
  );
  return { folder, server, gate, db, services, run };
}

/** No service had to start again, and each of them still ends in order. */
async function expectUnshaken(services: readonly NodeProcess[]): Promise<void> {
  expect(services.map(({ ended }) => ended)).toEqual([null, null, null]);
  expect(
    services.flatMap(({ said }) => said.filter(({ event }) => event === "worker restarts")),
  ).toEqual([]);
  await Promise.all(services.map((service) => service.end("SIGTERM")));
  expect(services.map(({ ended }) => ended)).toEqual(Array(3).fill("ended with code 0"));
}

test("a run outlives a database that is away for ten seconds: no process ends, nothing is lost, no try begins twice", async () => {
  const { folder, server, gate, db, services, run } = await underWay(
    "outlives",
    wide("outlives", 200, 100),
  );
  await server.stop();
  // The length of the absence is what is tested here; nothing waits for a signal.
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  expect(services.map(({ ended }) => ended)).toEqual([null, null, null]);
  const again = await startPostgres({
    folder,
    port: Number(new URL(server.url).port),
    settings: ["fsync=off"],
  });
  onTestFinished(() => again.stop());

  const end = await runEnd(db, run.id, 60);
  expect(end.state).toBe("success");
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  await expectUnshaken(services);
});

test("a run outlives a server that ends every connection, again and again", async () => {
  const { server, gate, db, services, run } = await underWay("cut", wide("cut", 400, 40));
  onTestFinished(() => server.stop());
  const end = await until(
    "the end of the run",
    async () => {
      await rows(
        db,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dagsmith%' and pid <> pg_backend_pid()",
      );
      await new Promise((resolve) => setTimeout(resolve, 400));
      const now = await runNow(db, run.id);
      return now.state !== "running" && now;
    },
    90,
  );
  expect(end.state).toBe("success");
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  await expectUnshaken(services);
});

/**
 * A backfill whose schedulers and workers are killed in the middle: real processes, real
 * signals.
 */
import { expect, test } from "vitest";
import { createBackfill } from "../../../runtime/actions/index.ts";
import { findBackfill } from "../../../runtime/store/reads/backfills.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy } from "../../support/worker.ts";
import { daily } from "./dags.ts";

const postgres = migratedDatabase();

test("goes on under the next scheduler, and runs each of its slots once", async () => {
  const gate = await newGate();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env, SLOTS: "4" };
  await deploy(postgres.db, await dagFolder({ "days.js": daily("days", "2099-01-01", true) }));
  const first = await startService("scheduler", env);
  await startService("worker", env);
  const victim = await startService("worker", env);
  const range = { dagId: "days", from: "2025-01-01", to: "2025-10-31", maxActiveRuns: 20 };
  const { id, runs } = await createBackfill(postgres.db, { ...range, actor: "test" });
  expect(runs).toBe(304);
  const done = async (): Promise<number> => (await findBackfill(postgres.db, id))!.progress.success;
  await until("some of the work", async () => (await done()) > 20);
  await first.end("SIGKILL");
  await victim.end("SIGKILL");
  await Promise.all([startService("scheduler", env), startService("scheduler", env)]);
  await until("its end", async () => (await findBackfill(postgres.db, id))!.endedAt !== null);
  expect(await findBackfill(postgres.db, id)).toMatchObject({
    state: "completed",
    progress: { total: 304, success: 304 },
  });
  const [made] = await rows(
    postgres.db,
    "select count(*)::int as runs, count(distinct logical_date)::int as dates from dagsmith.dag_run where dag_id = 'days'",
  );
  expect(made).toEqual({ runs: 304, dates: 304 });
  const starts = (await gate.notes()).filter((note) => note.startsWith("start "));
  expect(new Set(starts).size, "a try started twice").toBe(starts.length);
});

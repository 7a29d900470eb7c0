/** The scheduler's jobs run apart from each other, and all stop with it. */
import { expect, test } from "vitest";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import type { Database, Queryable } from "../../../runtime/store/database/database.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase(20);

const schedulers = () => rows(postgres.db, "select from dagsmith.scheduler");

/**
 * The database, but for statements whose name is refused, and the names of all that were
 * asked for.
 */
function refusing(refused: string): { readonly db: Database; readonly asked: Set<string> } {
  const asked = new Set<string>();
  const on = (inner: Queryable): Queryable => ({
    query: async (statement, values) => {
      asked.add(statement.name);
      if (statement.name === refused) throw new Error(`${refused} is refused`);
      return inner.query(statement, values);
    },
  });
  const { db } = postgres;
  return {
    asked,
    db: {
      ...db,
      query: on(db).query,
      transaction: (work) => db.transaction((tx) => work(on(tx))),
    },
  };
}

test("a job that fails is reported once and holds up no other", async () => {
  const { db, asked } = refusing("dag_due");
  const said: unknown[] = [];
  const scheduler = startScheduler({ db, log: (event, detail) => void said.push([event, detail]) });
  const names = ["dag_due", "worker_heartbeats", "dag_run_overdue", "task_wait_sweep"];
  await until("every job to run", async () => names.every((name) => asked.has(name)));
  asked.clear();
  await until("the job that fails to run again", async () => asked.has("dag_due"));
  await scheduler.stop();
  expect(said).toEqual([["job_failed", { job: "create_runs", reason: "dag_due is refused" }]]);
});

test("a scheduler is listed while it runs; it stops once, whole, however often it is asked", async () => {
  const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  await until("its heartbeat", async () => (await schedulers()).length === 1);
  await Promise.all([scheduler.stop(), scheduler.stop()]);
  expect(await schedulers()).toEqual([]);
  await scheduler.stop();
});

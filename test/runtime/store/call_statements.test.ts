/**
 * Many calls take as many statements as one: when they start, run again, end, or are
 * cancelled.
 */
import { expect, test } from "vitest";
import { cancelTask, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { followCalls } from "../../../runtime/scheduler/jobs/follow_calls.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { driverOf, endOf, failed, play, runnable, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { noting } from "../../support/noting.ts";

const postgres = migratedDatabase();
const MANY = 12;
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

async function statementsOf(work: (db: Database) => Promise<unknown>): Promise<readonly string[]> {
  const names: string[] = [];
  await work(noting(postgres.db, names));
  return names;
}

/** The statements of each part of the life of so many calls. */
async function livesOf(count: number): Promise<Readonly<Record<string, readonly string[]>>> {
  const called = dag(`called_${count}`, { maxActiveRuns: 64 });
  const a = called.task("a", () => 1);
  const caller = dag(`caller_${count}`);
  const items = Array.from({ length: count }, (_, at) => at);
  caller.call("it", called.output({ a }), { each: items, retries: 1, retryDelay: "0s" });
  await known(postgres.db, describeDag(called), describeDag(caller));
  const { id } = await triggerRun(postgres.db, { dagId: caller.dagId, actor: "ann" });
  const waiting: Outcome = {
    kind: "deferred",
    wait: {
      ...{ type: "call", dagId: called.dagId, params: "{}", version: null, waits: true },
      ...{ rerun: "failed", timeoutMs: null },
    },
  };
  const call = async (): Promise<void> => {
    const instances = runnable(await driver(id).look());
    expect(instances).toHaveLength(count);
    for (const one of instances) await driver(id).take(one);
    const ends = instances.map((one) => endOf(one, waiting));
    await runEngineTransaction(postgres.db, new Plans(), (tx) => completeTries(tx, ends));
  };
  const runs = async (): Promise<readonly number[]> =>
    (
      await rows<{ id: number }>(
        postgres.db,
        "select id from dagsmith.dag_run where dag_id = $1 and state = 'running' order by id",
        [called.dagId],
      )
    ).map((run) => run.id);
  const follow = () => statementsOf((db) => followCalls(db, new Plans()));
  await call();
  const started = await follow();
  expect(await runs()).toHaveLength(count);
  for (const run of await runs()) await play(driver(run), () => failed());
  const failures = await follow();
  await call();
  const again = await follow();
  expect(await runs()).toHaveLength(count);
  await cancelTask(postgres.db, { id, taskId: "it", actor: "ann" });
  const cancelled = await follow();
  expect(await runs()).toEqual([]);
  return { started, failures, again, cancelled };
}

test("many calls start, fail, run again and are cancelled with the statements of one", async () => {
  const [one, many] = [await livesOf(1), await livesOf(MANY)];
  expect(many).toEqual(one);
  expect(one.started?.length).toBeLessThan(40);
});

test("calls that succeed end with the statements of one", async () => {
  const ends = async (count: number): Promise<readonly string[]> => {
    const called = dag(`short_${count}`, { maxActiveRuns: 64 });
    const a = called.task("a", () => 1);
    const caller = dag(`shorts_${count}`);
    const each = Array.from({ length: count }, (_, at) => at);
    caller.call("it", called.output({ a }), { each });
    await known(postgres.db, describeDag(called), describeDag(caller));
    const { id } = await triggerRun(postgres.db, { dagId: caller.dagId, actor: "ann" });
    const instances = runnable(await driver(id).look());
    for (const one of instances) await driver(id).take(one);
    const outcome: Outcome = {
      kind: "deferred",
      wait: {
        ...{ type: "call", dagId: called.dagId, params: "{}", version: null, waits: true },
        ...{ rerun: "failed", timeoutMs: null },
      },
    };
    const all = instances.map((one) => endOf(one, outcome));
    await runEngineTransaction(postgres.db, new Plans(), (tx) => completeTries(tx, all));
    await followCalls(postgres.db, new Plans());
    const runs = await rows<{ id: number }>(
      postgres.db,
      "select id from dagsmith.dag_run where dag_id = $1",
      [called.dagId],
    );
    for (const run of runs) await play(driver(run.id), () => success(1));
    const names = await statementsOf((db) => followCalls(db, new Plans()));
    expect((await driver(id).look()).run).toBe("success");
    return names;
  };
  expect(await ends(MANY)).toEqual(await ends(1));
});

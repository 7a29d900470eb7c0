/**
 * A process that dies, or loses its connection, before any statement of a call: one run
 * is created, its end comes back once, and a cancel reaches it.
 */
import { describe, expect, test } from "vitest";
import { cancelTask, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { followCalls } from "../../../runtime/scheduler/jobs/follow_calls.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { afterTransaction } from "../../../runtime/transactions/run_ends.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import {
  driverOf,
  endOf,
  failed,
  play,
  runnable,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { allowing, atEveryStatement, expectSoundQueue } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

let last = 0;

/**
 * Two DAGs of which the first calls the second, and a run whose call has just been
 * computed.
 */
async function calling(retries = 0) {
  last += 1;
  const called = dag(`called_${last}`);
  const a = called.task("a", () => 1);
  called.task("b", { inputs: { a } }, () => 2);
  const caller = dag(`caller_${last}`);
  const it = caller.call("it", called.output({ a }), { retries, retryDelay: "0s" });
  caller.task("after", { inputs: { it } }, () => 3);
  await known(postgres.db, describeDag(called), describeDag(caller));
  const { id } = await triggerRun(postgres.db, { dagId: caller.dagId, ...me });
  const [call] = runnable(await driver(id).look());
  await driver(id).take(call!);
  const outcome: Outcome = {
    kind: "deferred",
    wait: {
      ...{ type: "call", dagId: called.dagId, params: "{}", version: null, waits: true },
      ...{ rerun: "failed", timeoutMs: null },
    },
  };
  return { id, dagId: caller.dagId, called: called.dagId, end: endOf(call!, outcome) };
}

const runsOf = (dagId: string) =>
  rows<{ id: number; state: string }>(
    postgres.db,
    "select id, state from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );

/** The called run, whose call has been made. */
async function made(of: Awaited<ReturnType<typeof calling>>): Promise<number> {
  await complete(postgres.db, of.end);
  const [run] = await runsOf(of.called);
  return run!.id;
}

async function complete(db: typeof postgres.db, end: ReturnType<typeof endOf>): Promise<void> {
  const plans = new Plans();
  const done = await runEngineTransaction(db, plans, (tx) => completeTries(tx, [end]));
  await afterTransaction(db, plans, done);
}

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a process that %s", (_how, failing) => {
  test("while it calls a DAG creates one run of it", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await calling();
      return {
        dagId: one.dagId,
        run: (db) => complete(db, one.end),
        check: async () => {
          await followCalls(postgres.db, new Plans());
          await tick(postgres.db, new Plans());
          const runs = await runsOf(one.called);
          expect(runs.map(({ state }) => state)).toEqual(["running"]);
          await expectSoundQueue(postgres.db, one.called);
          await play(driver(runs[0]!.id));
          await followCalls(postgres.db, new Plans());
          expect(statesOf(await play(driver(one.id)))).toEqual({ it: "success", after: "success" });
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it ends a called run brings its result once", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await calling();
      const called = await made(one);
      const [a] = runnable(await driver(called).look());
      await driver(called).take(a!);
      await driver(called).complete([endOf(a!, success(7))]);
      const [b] = runnable(await driver(called).look());
      await driver(called).take(b!);
      return {
        dagId: one.dagId,
        run: (db) => complete(db, endOf(b!, success())),
        check: async () => {
          await followCalls(postgres.db, new Plans());
          const value = "select value from dagsmith.xcom where run_id = $1 and task_id = 'it'";
          expect(await rows(postgres.db, value, [one.id])).toEqual([{ value: { a: 7 } }]);
          expect(statesOf(await play(driver(one.id)))).toEqual({ it: "success", after: "success" });
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it runs a failed run again does so once", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await calling(1);
      const called = await made(one);
      const [a] = runnable(await driver(called).look());
      await driver(called).take(a!);
      await driver(called).complete([endOf(a!, failed())]);
      await followCalls(postgres.db, new Plans());
      const [again] = runnable(await driver(one.id).look());
      await driver(one.id).take(again!);
      return {
        dagId: one.dagId,
        run: (db) => complete(db, { ...endOf(again!, one.end.outcome) }),
        check: async () => {
          await followCalls(postgres.db, new Plans());
          await tick(postgres.db, new Plans());
          expect(await runsOf(one.called)).toEqual([{ id: called, state: "running" }]);
          const [next] = runnable(await driver(called).look());
          expect([next?.taskId, next?.tryNumber]).toEqual(["a", 2]);
          await expectSoundQueue(postgres.db, one.called);
          await play(driver(called));
          await followCalls(postgres.db, new Plans());
          expect(statesOf(await play(driver(one.id)))).toEqual({ it: "success", after: "success" });
        },
      };
    });
    expect(statements).toBeGreaterThan(10);
  });

  test("while it cancels the task of a call cancels its run", async () => {
    await atEveryStatement(postgres.db, failing, async () => {
      const one = await calling();
      const called = await made(one);
      return {
        dagId: one.dagId,
        run: async (db) => {
          const request = { id: one.id, taskId: "it", ...me };
          await cancelTask(db, request).catch(allowing("TASK_NOT_ACTIVE"));
          await followCalls(db, new Plans());
        },
        check: async () => {
          await followCalls(postgres.db, new Plans());
          expect(await runsOf(one.called)).toEqual([{ id: called, state: "failed" }]);
          const open =
            "select from dagsmith.task_call where state <> 'over' and called_run_id = $1";
          expect(await rows(postgres.db, open, [called])).toEqual([]);
        },
      };
    });
  });
});

test("two processes that make the same calls at the same time create one run of each", async () => {
  const one = await calling();
  const plans = new Plans();
  await runEngineTransaction(postgres.db, plans, (tx) => completeTries(tx, [one.end]));
  await Promise.all(Array.from({ length: 4 }, () => followCalls(postgres.db, new Plans())));
  expect(await runsOf(one.called)).toMatchObject([{ state: "running" }]);
});

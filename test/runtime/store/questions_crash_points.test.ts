/**
 * A process that dies, or loses its connection, before any statement of a question: it
 * opens once, and its answer or its time-out is the output once.
 */
import { describe, expect, test } from "vitest";
import { answerQuestion, triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { endWaits } from "../../../runtime/scheduler/jobs/end_waits.ts";
import { remind } from "../../../runtime/scheduler/jobs/remind_questions.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { questionOf } from "../../../runtime/store/reads/questions.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { afterTransaction } from "../../../runtime/transactions/run_ends.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import { driverOf, endOf, play, runnable, statesOf } from "../../support/engine_driver.ts";
import { allowing, atEveryStatement } from "../../support/every_statement.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

let last = 0;

/** A run whose question has just been written by its try. */
async function asking(timeoutMs: number | null = null) {
  last += 1;
  const d = dag(`asking_${last}`);
  const it = d.ask("it", { subject: "Go?", options: ["yes", "no"], onAsk: () => undefined });
  d.task("after", { inputs: { it } }, () => 3);
  await known(postgres.db, describeDag(d));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
  const [ask] = runnable(await driver(id).look());
  await driver(id).take(ask!);
  const outcome: Outcome = {
    kind: "deferred",
    wait: {
      ...{ type: "ask", subject: "Go?", body: null, timeoutMs, otherwise: '"no"' },
      reminderMs: 3_600_000,
    },
  };
  return { id, dagId: d.dagId, end: endOf(ask!, outcome) };
}

type Db = typeof postgres.db;

async function complete(db: Db, end: ReturnType<typeof endOf>): Promise<void> {
  const plans = new Plans();
  const done = await runEngineTransaction(db, plans, (tx) => completeTries(tx, [end]));
  await afterTransaction(db, plans, done);
}

const answer = (db: Db, id: number, value = "yes") =>
  answerQuestion(db, { id, taskId: "it", value, actor: "ann", by: "ann" });

async function expectAnswered(id: number, value: string, state: string): Promise<void> {
  const stored = "select value from dagsmith.xcom where run_id = $1 and task_id = 'it'";
  expect(await rows(postgres.db, stored, [id])).toEqual([{ value }]);
  expect((await questionOf(postgres.db, id, "it", -1))?.state).toBe(state);
  expect(statesOf(await play(driver(id)))).toEqual({ it: "success", after: "success" });
  expect(await rows(postgres.db, "select from dagsmith.task_wait where run_id = $1", [id])).toEqual(
    [],
  );
}

const callbacks = async (id: number): Promise<number> =>
  (await rows(postgres.db, "select from dagsmith.callback where run_id = $1", [id])).length;

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a process that %s", (_how, failing) => {
  test("while it asks opens the question once", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await asking();
      return {
        dagId: one.dagId,
        run: (db) => complete(db, one.end),
        check: async () => {
          expect(await callbacks(one.id)).toBe(1);
          expect((await questionOf(postgres.db, one.id, "it", -1))?.state).toBe("open");
          await answer(postgres.db, one.id);
          await expectAnswered(one.id, "yes", "answered");
        },
      };
    });
    expect(statements).toBeGreaterThan(5);
  });

  test("while it answers leaves one answer", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await asking();
      await complete(postgres.db, one.end);
      return {
        dagId: one.dagId,
        run: (db) => answer(db, one.id).catch(allowing("QUESTION_ANSWERED")),
        check: () => expectAnswered(one.id, "yes", "answered"),
      };
    });
    expect(statements).toBeGreaterThan(8);
  });

  test("while it answers early leaves one answer, which the question finds", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await asking();
      return {
        dagId: one.dagId,
        run: (db) => answer(db, one.id).catch(allowing("QUESTION_ANSWERED")),
        check: async () => {
          await complete(postgres.db, one.end);
          await endWaits(postgres.db, new Plans());
          expect(await callbacks(one.id)).toBe(0);
          await expectAnswered(one.id, "yes", "answered");
        },
      };
    });
    expect(statements).toBeGreaterThan(4);
  });

  test("while it ends an early answer, or a time-out, does so once", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await asking(0);
      await complete(postgres.db, one.end);
      return {
        dagId: one.dagId,
        run: (db) => endWaits(db, new Plans()),
        check: () => expectAnswered(one.id, "no", "timed_out"),
      };
    });
    expect(statements).toBeGreaterThan(5);
  });

  test("while it reminds does so once", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const one = await asking();
      await complete(postgres.db, one.end);
      const due = "update dagsmith.question set remind_at = now() where run_id = $1";
      await rows(postgres.db, due, [one.id]);
      return {
        dagId: one.dagId,
        run: (db) => remind(db),
        check: async () => {
          expect(await callbacks(one.id)).toBe(2);
          await answer(postgres.db, one.id);
        },
      };
    });
    expect(statements).toBeGreaterThan(0);
  });
});

test("two people answer at the same time: one answer counts, the other is refused", async () => {
  const { id, end } = await asking();
  await complete(postgres.db, end);
  const given = await Promise.allSettled([answer(postgres.db, id), answer(postgres.db, id, "no")]);
  expect(given.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = given.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  expect(refused.reason).toMatchObject({ code: "QUESTION_ANSWERED" });
});

/**
 * A scheduler that is really killed in the middle of ending a wait: the wait stays, and
 * the next scheduler ends it once.
 */
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { makeCalls } from "../../../runtime/transactions/make_calls.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain, type Wirable } from "../../../sdk/task/wirable.ts";
import { driverOf, endOf, runnable, statesOf, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();
const plans = new Plans();
const driver = (id: number) => driverOf(postgres.db, plans, id);
const start = () => startService("scheduler", { DATABASE_URL: postgres.db.url });

const HOUR_MS = 3_600_000;
const ASK: Outcome = {
  kind: "deferred",
  wait: {
    ...{ type: "ask", subject: "Go?", body: null, reminderMs: null },
    ...{ timeoutMs: HOUR_MS, otherwise: '"no"' },
  },
};
const ASLEEP: Outcome = { kind: "asleep", step: "review", at: null, inMs: HOUR_MS };
const CALL: Outcome = {
  kind: "deferred",
  wait: {
    ...{ type: "call", dagId: "called", params: "{}", version: null, waits: true },
    ...{ rerun: "failed", timeoutMs: null },
  },
};

const options = ["yes", "no"] as const;
const tell = { onSuccess: () => undefined, onFailure: () => undefined };
const question = (d: AnyDag) => d.ask("it", { subject: "Go?", options, ...tell });

type AnyDag = Dag<unknown>;

interface WaitCase {
  readonly what: string;
  /** Adds the task `it`. */
  readonly build: (d: AnyDag) => Wirable;
  /** How the try of `it` begins its wait. */
  readonly begin: Outcome;
  /** How the run that `it` calls ends. Other waits end because their time has come. */
  readonly called?: Outcome;
  /** The table whose lock stops the scheduler in the middle. */
  readonly held: string;
  /** The states of the run afterwards. */
  readonly states: Readonly<Record<string, string>>;
  /** How many callbacks of `it` there are. Default: one. */
  readonly callbacks?: number;
}

const CASES: readonly WaitCase[] = [
  {
    what: "the time-out of a question",
    build: question,
    begin: ASK,
    held: "dagsmith.question",
    states: { it: "success", after: "queued" },
  },
  {
    what: "the wake-up of a step that sleeps",
    build: (d) => d.task("it", tell, ({ step }) => step.sleep("review", "1h")),
    begin: ASLEEP,
    held: "dagsmith_queue._private_jobs",
    states: { it: "queued" },
    callbacks: 0,
  },
  {
    what: "the end of a call",
    build: (d) => d.call("it", "called", tell),
    begin: CALL,
    called: success(7),
    held: "dagsmith.task_call",
    states: { it: "success", after: "queued" },
  },
];

let last = 0;

/** A run whose task `it` waits. */
async function waiting({ build, begin }: WaitCase): Promise<number> {
  const d = dag(`waiting_${++last}`) as unknown as AnyDag;
  chain(
    build(d),
    d.task("after", () => 3),
  );
  const called = dag("called");
  await known(
    postgres.db,
    describeDag(called.output({ a: called.task("a", () => 1) })),
    describeDag(d),
  );
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
  await endFirst(id, begin);
  return id;
}

/** Ends a run's only try that may begin, as a worker that dies right afterwards. */
async function endFirst(id: number, outcome: Outcome): Promise<void> {
  const [first] = runnable(await driver(id).look());
  await driver(id).take(first!);
  await driver(id).complete([endOf(first!, outcome)]);
}

/** Makes the wait of `it` end as soon as a scheduler looks. */
async function makeOver(id: number, { called }: WaitCase): Promise<void> {
  if (called) return endFirst(await calledRun(id), called);
  await rows(postgres.db, "update dagsmith.task_wait set due_at = now() where run_id = $1", [id]);
}

async function calledRun(id: number): Promise<number> {
  await makeCalls(postgres.db, plans);
  const [call] = await rows<{ called_run_id: number }>(
    postgres.db,
    `select c.called_run_id from dagsmith.task_call c
     join dagsmith.task_instance t on t.id = c.task_instance_id where t.run_id = $1`,
    [id],
  );
  return call!.called_run_id;
}

/** A session whose lock stops every write into a table until it is closed. */
async function holding(table: string): Promise<Client> {
  const session = new Client({ connectionString: postgres.db.url });
  await session.connect();
  onTestFinished(() => session.end());
  await session.query(`begin; lock table ${table} in share mode`);
  return session;
}

// Other jobs of a scheduler may wait for the table, too, but they move no instance.
const IN_THE_MIDDLE = `
select from pg_locks waiting join pg_locks moving using (pid)
where not waiting.granted and waiting.relation = $1::regclass and moving.granted
  and moving.relation = 'dagsmith.task_instance'::regclass and moving.mode = 'RowExclusiveLock'`;

const inTheMiddle = (table: string) => async (): Promise<boolean> =>
  (await rows(postgres.db, IN_THE_MIDDLE, [table])).length > 0;

async function callbacksOf(id: number): Promise<number> {
  const text = "select from dagsmith.callback where run_id = $1";
  return (await rows(postgres.db, text, [id])).length;
}

test.each(CASES)(
  "a scheduler killed in the middle of $what leaves it to the next, which does it once",
  async (one) => {
    const id = await waiting(one);
    await makeOver(id, one);
    const before = await driver(id).tokens();
    const held = await holding(one.held);
    const victim = await start();
    await until("the scheduler to be in the middle", inTheMiddle(one.held));
    await victim.end("SIGKILL");
    await held.end();
    await start();
    await until("the end of the wait", async () => {
      const states = statesOf(await driver(id).look());
      return JSON.stringify(states) === JSON.stringify(one.states) || undefined;
    });
    expect(await callbacksOf(id)).toBe(one.callbacks ?? 1);
    const queued = Object.values(one.states).filter((state) => state === "queued");
    expect(await driver(id).tokens()).toHaveLength(before.length + queued.length);
  },
);

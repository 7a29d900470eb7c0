/** The engine's transaction on PostgreSQL: what it refuses, and what it costs. */
import { describe, expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/trigger.ts";
import { newCounter } from "../../../runtime/engine/counts/task_counter.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { together } from "../../../runtime/engine/together.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import {
  type Database,
  openDatabase,
  type Queryable,
} from "../../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { countingWaits } from "../../support/counting_waits.ts";
import {
  beginInPostgres,
  driverOf,
  endOf,
  runnable,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { noting } from "../../support/noting.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;

let lastDag = 0;
const specOf = (declare: (d: Dag<unknown>) => void, options = {}) => {
  lastDag += 1;
  const d = dag(`transaction_${lastDag}`, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
};

const idOf = async (dagId: string): Promise<number> => {
  const [run] = await rows<{ id: number }>(
    postgres.db,
    "select id from dagsmith.dag_run where dag_id = $1",
    [dagId],
  );
  return run!.id;
};

test("counters of a run that the transaction has not locked are refused", async () => {
  const spec = specOf((d) => void chain(d.task("a", work), d.task("b", work)));
  await beginInPostgres(postgres)(spec);
  const id = await idOf(spec.dagId);
  const counter = newCounter(planOf(spec).tasks.get("b")!, id, -1);
  const decisions = {
    ...{ instances: [], jobs: [], releases: [], runs: [] },
    counters: [{ ...counter, upstreamTotal: 7 }],
    dependsOnPast: { waits: [], ended: [] },
  };
  const save = (isLocked: boolean) =>
    runEngineTransaction(postgres.db, new Plans(), async (tx) => {
      if (isLocked) await tx.lockRuns([id]);
      await tx.save(decisions);
    });
  await expect(save(false)).rejects.toThrow(`counters of run ${id} changed, which is not locked`);
  await expect(save(true)).resolves.toBeUndefined();
});

test("a run that ends as it begins has its callbacks", async () => {
  const spec = specOf((d) => void d.empty("nothing"), { onSuccess: async () => undefined });
  await known(postgres.db, spec);
  const { id } = await triggerRun(postgres.db, { dagId: spec.dagId, actor: "test" });
  const [run] = await rows(
    postgres.db,
    `select state, (select count(*)::int from dagsmith.callback c where c.run_id = r.id) as callbacks
     from dagsmith.dag_run r where id = $1`,
    [id],
  );
  expect(run).toEqual({ state: "success", callbacks: 1 });
});

describe("the end of a try counts in so many statements", () => {
  /** Ends all instances of `a`, up to `most`. @returns statements on counters */
  const statements = async (declare: (d: Dag<unknown>) => void, most = 100) => {
    const spec = specOf(declare);
    const driver = await beginInPostgres(postgres)(spec);
    const ends = runnable(await driver.look())
      .filter(({ taskId }) => taskId === "a")
      .slice(0, most);
    for (const one of ends) await driver.take(one);
    const names: string[] = [];
    const noted = driverOf(noting(postgres.db, names), new Plans(), await idOf(spec.dagId));
    await noted.complete(ends.map((one) => endOf(one, success())));
    return names.filter((name) => name.startsWith("task_counter"));
  };
  const [load, save] = ["task_counter_load", "task_counter_save"];

  test("none where nothing waits", async () => {
    expect(await statements((d) => void d.task("a", work))).toEqual([]);
  });

  test("two before a task", async () => {
    expect(await statements((d) => void chain(d.task("a", work), d.task("b", work)))).toEqual([
      load,
      save,
    ]);
  });

  test("two for a batch of items", async () => {
    const each = Array.from({ length: 40 }, (_, index) => index);
    expect(await statements((d) => void d.task("a", { each }, work), 16)).toEqual([load, save]);
  });

  test("two however many empty tasks follow", async () => {
    const many = await statements((d) => {
      const empty = Array.from({ length: 20 }, (_, index) => d.empty(`e${index}`));
      chain(d.task("a", work), ...empty, d.task("z", work));
    });
    expect(many).toEqual([load, save]);
  });

  test("two where a group ends with its last task", async () => {
    const ended = await statements((d) => {
      const g = d.group("g", { retries: 1, prefix: false }, (inner) => inner.task("a", work));
      chain(g as never, d.task("after", work));
    });
    expect(ended).toEqual([load, save]);
  });
});

test("the end of a try waits three times for the database, whatever follows it", async () => {
  const spec = specOf((d) => {
    const a = d.task("a", work);
    chain(a, d.task("b", work));
    chain(a, d.task("c", { each: [1, 2, 3], maxActive: 1 }, work));
  });
  const driver = await beginInPostgres(postgres)(spec);
  const [a] = runnable(await driver.look());
  await driver.take(a!);
  const counted = countingWaits(postgres.db);
  const ended = driverOf(counted.db, new Plans(), await idOf(spec.dagId));
  // An end of another try changes nothing, but the process knows the plan after it.
  await ended.complete([endOf({ ...a!, tryNumber: 7 }, success())]);
  const before = counted.waits;
  await ended.complete([endOf(a!, success())]);
  // For the lock of the run, for its instances with its counters, and for what follows.
  expect(counted.waits - before).toBe(3);
});

describe.each([
  ["over a connection that is a session", undefined],
  ["behind a pooler in transaction mode", "direct"],
])("statements of a transaction that are asked together, %s", (_, mode) => {
  const open = (): Database => {
    const { url } = postgres.db;
    const db = openDatabase(url, mode ? { directUrl: url } : {});
    onTestFinished(() => db.close());
    return db;
  };
  const asked = (on: Queryable, text: string) => rows<{ answer: number }>(on, text);
  const made = async (name: string) =>
    (await asked(postgres.db, `select to_regclass('${name}') is not null as answer`))[0]!.answer;

  test("are answered in their order", async () => {
    const texts = [1, 2, 3].map((answer) => `select ${answer} as answer`);
    const answers = await open().transaction((on) =>
      together(texts.map((text) => asked(on, text))),
    );
    expect(answers.flat()).toEqual([{ answer: 1 }, { answer: 2 }, { answer: 3 }]);
  });

  test("fail with the first error, and leave nothing", async () => {
    const table = `left_${mode ?? "session"}`;
    const failing = open().transaction(async (on) => {
      const goingOn = asked(on, "select 1").then(() => asked(on, `create table ${table}_late ()`));
      const others = [`create table ${table} ()`, "select 1/0", "select 2 as answer"];
      await together([goingOn, ...others.map((text) => asked(on, text))]);
    });
    await expect(failing).rejects.toThrow("division by zero");
    expect([await made(table), await made(`${table}_late`)]).toEqual([false, false]);
  });

  test("wait for each other also when one of them fails before it is sent", async () => {
    const table = `unsent_${mode ?? "session"}`;
    const failing = open().transaction(async (on) => {
      const unsent = Promise.reject(new Error("never sent"));
      const goingOn = asked(on, "select 1").then(() => asked(on, `create table ${table} ()`));
      await together([unsent, goingOn]);
    });
    await expect(failing).rejects.toThrow("never sent");
    expect(await made(table)).toBe(false);
  });
});

/** Many hands on the same rows: what only a real database can show. */
import { describe, expect, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  driverOf,
  endOf,
  failed,
  lost,
  play,
  runnable,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, tokens } from "../../support/migrated.ts";

const postgres = migratedDatabase(20);
const work = async (): Promise<null> => null;

let lastDag = 0;
async function begun(declare: (d: Dag<unknown>) => void) {
  lastDag += 1;
  const d = dag(`crowd_${lastDag}`, { maxActiveRuns: 100 }) as unknown as Dag<unknown>;
  declare(d);
  await known(postgres.db, describeDag(d));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
  return { id, dagId: d.dagId, driver: driverOf(postgres.db, new Plans(), id) };
}

describe("ends of one run", () => {
  test("settled by twelve connections at once let the join run once", async () => {
    const { driver } = await begun((d) =>
      chain(
        Array.from({ length: 120 }, (_, i) => d.task(`t${i}`, work)),
        d.task("join", work),
      ),
    );
    const all = runnable(await driver.look());
    await Promise.all(all.map((one) => driver.take(one)));
    const chunks = Array.from({ length: 12 }, (_, at) =>
      all.filter((_one, index) => index % 12 === at),
    );
    const completed = await Promise.all(
      chunks.map((chunk) => driver.complete(chunk.map((one) => endOf(one, success())))),
    );
    expect(completed.reduce((sum, { accepted }) => sum + accepted.size, 0)).toBe(120);
    const now = await driver.look();
    expect(now.instances.filter(({ taskId }) => taskId === "join")).toHaveLength(1);
    expect(now.openTasks).toBe(1);
    expect((await play(driver)).run).toBe("success");
  });

  test("said twice at the same moment count once", async () => {
    const { driver } = await begun((d) =>
      chain(d.task("a", { retries: 3, retryDelay: "0s" }, work), d.task("b", work)),
    );
    const [a] = runnable(await driver.look());
    await driver.take(a!);
    const completed = await Promise.all(
      [success(1), failed(), lost, success(2)].map((outcome) =>
        driver.complete([endOf(a!, outcome)]),
      ),
    );
    expect(completed.filter(({ accepted }) => accepted.size > 0)).toHaveLength(1);
    expect((await play(driver)).run).toBe("success");
    const own = await driver.tokens();
    expect(new Set(own).size).toBe(own.length);
  });

  test("of several runs in one batch carry each of them forward, in any order of batches", async () => {
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => begun((d) => chain(d.task("a", work), d.task("b", work)))),
    );
    const ends = await Promise.all(
      runs.map(async ({ driver }) => {
        const [a] = runnable(await driver.look());
        await driver.take(a!);
        return endOf(a!, success());
      }),
    );
    const batches = [ends, ends.toReversed(), ends.toSorted(() => 0)];
    const completed = await Promise.all(
      batches.map((batch) =>
        runEngineTransaction(postgres.db, new Plans(), (tx) => completeTries(tx, batch)),
      ),
    );
    expect(completed.reduce((sum, { accepted }) => sum + accepted.size, 0)).toBe(6);
    for (const { driver } of runs) {
      expect(statesOf(await driver.look())).toEqual({ a: "success", b: "queued" });
      expect((await play(driver)).run).toBe("success");
    }
  });
});

describe("a token", () => {
  test("taken by eight workers at once goes to one of them", async () => {
    const { driver } = await begun((d) => void d.task("a", work));
    const [a] = runnable(await driver.look());
    const took = await Promise.all(
      Array.from({ length: 8 }, (_, worker) => driver.take(a!, `worker-${worker}`)),
    );
    expect(took.filter(Boolean)).toHaveLength(1);
  });

  test("lies in the queue for each instance that waits, and is due when its retry is", async () => {
    const { id, driver } = await begun(
      (d) => void d.task("a", { retries: 1, retryDelay: "1h" }, work),
    );
    const [a] = runnable(await driver.look());
    await driver.take(a!);
    await driver.complete([endOf(a!, failed())]);
    expect((await tokens(postgres.db)).filter((token) => token === `${a!.id}#2`)).toHaveLength(1);
    const [due] = await rows<{ same: boolean }>(
      postgres.db,
      `select abs(extract(epoch from j.run_at - t.retry_at)) < 1 as same from dagsmith.task_instance t
       join dagsmith_queue._private_jobs j on (j.payload ->> 'ti')::bigint = t.id and (j.payload ->> 'try')::int = 2
       where t.run_id = $1`,
      [id],
    );
    expect(due).toEqual({ same: true });
  });
});

test("text that a database refuses is stored with its NULs made visible, in reasons, errors and outputs", async () => {
  const { id, driver } = await begun((d) =>
    chain(d.task("a", { retries: 1, retryDelay: "0s" }, work), d.task("b", work)),
  );
  const [a] = runnable(await driver.look());
  await driver.take(a!);
  const nasty = "a\0b \ud800 \u001b[31m";
  await driver.complete([
    endOf(a!, {
      kind: "failed",
      reason: nasty,
      error: { name: "Error", message: nasty, stack: nasty },
      retryable: true,
    }),
  ]);
  const [again] = runnable(await driver.look());
  await driver.take(again!);
  await driver.complete([endOf(again!, success({ [nasty]: nasty }))]);
  const [stored] = await rows<{ reason: string; error: { message: string }; value: unknown }>(
    postgres.db,
    `select y.reason, y.error, x.value from dagsmith.task_instance t join dagsmith.task_try y on y.task_instance_id = t.id
     join dagsmith.xcom x on x.run_id = t.run_id and x.task_id = t.task_id where t.run_id = $1`,
    [id],
  );
  expect(stored!.reason).toBe("a\u2400b \ufffd \u001b[31m");
  expect(stored!.error.message).toBe(nasty);
  expect(stored!.value).toEqual({ [nasty]: nasty });
});

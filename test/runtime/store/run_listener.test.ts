/** Ends of runs that start runs of other DAGs, on a real database. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { cancelRun, pauseDag, triggerRun, unpauseDag } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { labelRuns } from "../../../runtime/store/runs/run_label.ts";
import { createEndRuns } from "../../../runtime/transactions/end_runs.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { dagRun } from "../../../sdk/sources/dag_run.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { Crash, dyingAt } from "../../support/crashing_database.ts";
import { driverOf, endOf, failed, play, runnable, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };

let last = 0;
const nextId = (): string => `chain_${++last}`;
function spec(dagId: string, options: DagOptions = {}): DagSpec {
  const d = dag(dagId, options) as unknown as Dag<unknown>;
  d.task("a", async () => null);
  return describeDag(d);
}
const runsOf = (dagId: string) =>
  rows<{
    id: number;
    run_id: string;
    run_type: string;
    state: string;
    trigger: Extract<RunTrigger, { type: "dagRun" }>;
  }>(
    postgres.db,
    "select id, run_id, run_type, state, trigger from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );
async function finish(id: number, outcome = success()): Promise<void> {
  await play(driverOf(postgres.db, new Plans(), id), () => outcome);
  await createEndRuns(postgres.db, new Plans());
}
const run = async (dagId: string, outcome = success()): Promise<void> =>
  finish((await triggerRun(postgres.db, { dagId, ...me })).id, outcome);

describe("a DAG that waits for a run of another", () => {
  test("runs after each of its ends in the states that it names, and knows which end it was", async () => {
    const [a, b] = [nextId(), nextId()];
    await known(postgres.db, spec(a), spec(b, { on: [dagRun({ dag: a, name: "after" })] }));
    await run(a, failed(false));
    await run(a);
    await run(a);
    const ends = (await runsOf(a)).slice(1);
    expect(await runsOf(b)).toMatchObject(
      ends.map(({ run_id }) => ({
        run_type: "event_triggered",
        state: "running",
        trigger: {
          type: "dagRun",
          name: "after",
          chain: [a],
          events: [{ dagId: a, runId: run_id, state: "success" }],
        },
      })),
    );
    expect((await runsOf(b))[0]!.run_id).toMatch(/^event_triggered__.*\+00:00_[a-z0-9]{8}$/);
  });

  test("hears of a run that was cancelled, at the next tick", async () => {
    const [a, b] = [nextId(), nextId()];
    await known(postgres.db, spec(a), spec(b, { on: [dagRun({ dag: a, states: ["failed"] })] }));
    const { id } = await triggerRun(postgres.db, { dagId: a, ...me });
    await cancelRun(postgres.db, { id, ...me });
    await tick(postgres.db, new Plans());
    expect(await runsOf(b)).toHaveLength(1);
  });

  test("that is paused hears of them when it goes on; one whose version no longer waits does not", async () => {
    const [a, b] = [nextId(), nextId()];
    await known(postgres.db, spec(a), spec(b, { on: [dagRun({ dag: a })] }));
    await pauseDag(postgres.db, { dagId: b, ...me });
    await run(a);
    await run(a);
    expect(await runsOf(b)).toEqual([]);
    await unpauseDag(postgres.db, { dagId: b, ...me });
    await tick(postgres.db, new Plans());
    expect(await runsOf(b)).toHaveLength(2);
    await pauseDag(postgres.db, { dagId: b, ...me });
    await run(a);
    await known(postgres.db, spec(b));
    await unpauseDag(postgres.db, { dagId: b, ...me });
    await tick(postgres.db, new Plans());
    expect(await runsOf(b)).toHaveLength(2);
    expect(await rows(postgres.db, "select from dagsmith.run_end where dag_id = $1", [b])).toEqual(
      [],
    );
  });
});

test("several DAGs make one run together, and a partner that never comes makes none", async () => {
  const [a, b, c] = [nextId(), nextId(), nextId()];
  await known(
    postgres.db,
    spec(a),
    spec(b),
    spec(c, { on: [dagRun({ all: [{ dag: a }, { dag: b, states: ["success", "failed"] }] })] }),
  );
  await run(a);
  await run(a);
  expect(await runsOf(c)).toEqual([]);
  await run(b, failed(false));
  expect(
    (await runsOf(c)).map(({ trigger }) =>
      trigger.events.map(({ dagId, state }) => [dagId, state]),
    ),
  ).toEqual([
    [
      [a, "success"],
      [b, "failed"],
    ],
  ]);
});

test("a chain that comes round stops, and says so", async () => {
  const [a, b] = [nextId(), nextId()];
  await known(
    postgres.db,
    spec(a, { on: [dagRun({ dag: b })] }),
    spec(b, { on: [dagRun({ dag: a })] }),
  );
  await run(a);
  await finish((await runsOf(b))[0]!.id);
  await tick(postgres.db, new Plans());
  expect([(await runsOf(a)).length, (await runsOf(b)).length]).toEqual([1, 1]);
  expect(
    await rows(
      postgres.db,
      "select action from dagsmith.audit where dag_id = $1 and actor = 'scheduler'",
      [a],
    ),
  ).toEqual([{ action: "stop event loop" }]);
});

test("many ends, workers and schedulers at once make a run each", async () => {
  const [a, b] = [nextId(), nextId()];
  await known(postgres.db, spec(a, { maxActiveRuns: 100 }), spec(b, { on: [dagRun({ dag: a })] }));
  await Promise.all(Array.from({ length: 12 }, () => run(a)));
  await Promise.all(Array.from({ length: 4 }, () => tick(postgres.db, new Plans())));
  const heard = (await runsOf(b)).map(({ trigger }) => trigger.events[0]!.runId);
  expect(heard.toSorted()).toEqual((await runsOf(a)).map(({ run_id }) => run_id).toSorted());
});

test("a worker that dies at any statement after a run's end leaves it to the scheduler, once", async () => {
  for (let statement = 1; ; statement++) {
    const [a, b] = [nextId(), nextId()];
    await known(postgres.db, spec(a), spec(b, { on: [dagRun({ dag: a })] }));
    const { id } = await triggerRun(postgres.db, { dagId: a, ...me });
    const driver = driverOf(postgres.db, new Plans(), id);
    const [instance] = runnable(await driver.look());
    await driver.take(instance!);
    const plans = new Plans();
    const db = dyingAt(postgres.db, statement);
    const ended = async (): Promise<void> => {
      await runEngineTransaction(db, plans, (tx) =>
        completeTries(tx, [endOf(instance!, success())]),
      );
      await createEndRuns(db, plans);
    };
    await ended().catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    await driver.complete([endOf(instance!, success())]);
    await tick(postgres.db, new Plans());
    expect((await runsOf(b)).map(({ state }) => state)).toEqual(["running"]);
    if (db.failures === 0) {
      expect(statement).toBeGreaterThan(12);
      return;
    }
  }
});

describe("when", () => {
  const refusals = (dagId: string) =>
    rows<{ schedule: string; reason: string; count: number }>(
      postgres.db,
      "select schedule, reason, sum(count)::int as count from dagsmith.schedule_decision where dag_id = $1 group by 1, 2",
      [dagId],
    );
  const params = z.object({ region: z.enum(["eu", "us"]) });
  const eu = z.object({ params: z.object({ region: z.literal("eu") }) });

  test("makes no run of ends whose run has other params, and counts them as decisions", async () => {
    const [a, b] = [nextId(), nextId()];
    await known(
      postgres.db,
      spec(a, { params }),
      spec(b, { on: [dagRun({ dag: a, name: "eu", when: eu })] }),
    );
    for (const region of ["us", "eu", "us"]) {
      const { id } = await triggerRun(postgres.db, { dagId: a, params: { region }, ...me });
      await finish(id);
    }
    const [, second] = await runsOf(a);
    expect((await runsOf(b)).flatMap(({ trigger }) => trigger.events)).toMatchObject([
      { runId: second!.run_id },
    ]);
    expect(await refusals(b)).toEqual([{ schedule: "dagRun eu", reason: "when", count: 2 }]);
    expect(await rows(postgres.db, "select from dagsmith.run_end where dag_id = $1", [b])).toEqual(
      [],
    );
  });

  test("sees the labels of the run, of any DAG", async () => {
    const [a, b] = [nextId(), nextId()];
    const when = z.object({ labels: z.object({ tier: z.literal("gold") }) });
    await known(
      postgres.db,
      spec(a, { tags: [a] }),
      spec(b, { on: [dagRun({ any: true, tags: [a], when })] }),
    );
    const { id } = await triggerRun(postgres.db, { dagId: a, ...me });
    await labelRuns(postgres.db, [id], { tier: "gold" });
    await finish(id);
    await run(a);
    expect(await runsOf(b)).toHaveLength(1);
    expect(await refusals(b)).toMatchObject([{ count: 1 }]);
  });

  test("drops ends of a source with several DAGs before they are paired", async () => {
    const [a, b, c] = [nextId(), nextId(), nextId()];
    const when = z.object({ state: z.literal("success") });
    const states = ["success", "failed"] as const;
    const all = [
      { dag: a, states },
      { dag: b, states },
    ];
    await known(postgres.db, spec(a), spec(b), spec(c, { on: [dagRun({ all, when })] }));
    await run(a, failed(false));
    await run(b);
    expect(await runsOf(c)).toEqual([]);
    await run(a);
    expect((await runsOf(c)).flatMap(({ trigger }) => trigger.events)).toMatchObject([
      { dagId: a, state: "success" },
      { dagId: b },
    ]);
  });

  test("that takes too long for a value makes a run, so that no end is lost", async () => {
    const [a, b] = [nextId(), nextId()];
    const slow = z.object({ labels: z.object({ text: z.string().regex(/^(a+)+$/) }) });
    await known(postgres.db, spec(a), spec(b, { on: [dagRun({ dag: a, when: slow })] }));
    const { id } = await triggerRun(postgres.db, { dagId: a, ...me });
    await labelRuns(postgres.db, [id], { text: `${"a".repeat(50)}!` });
    await finish(id);
    expect(await runsOf(b)).toHaveLength(1);
  });
});

describe("a DAG that listens to any DAG", () => {
  const tagged = (tags: readonly string[], more: object = {}) =>
    dagRun({ any: true, states: ["failed"], tags, ...more });

  test("runs after runs of DAGs with one of its tags, but of those that it excludes", async () => {
    const [prod, both, trial, out, alerts] = [nextId(), nextId(), nextId(), nextId(), nextId()];
    const tag = `prod_${alerts}`;
    await known(
      postgres.db,
      ...[spec(prod, { tags: [tag] }), spec(both, { tags: ["other", tag] })],
      ...[spec(trial, { tags: ["trial"] }), spec(out, { tags: [tag] })],
      spec(alerts, { tags: [tag], on: [tagged([tag, "none"], { exclude: [out] })] }),
    );
    for (const dagId of [prod, both, trial, out, alerts]) await run(dagId, failed(false));
    await run(prod);
    const heard = (await runsOf(alerts)).flatMap(({ trigger }) => trigger?.events ?? []);
    expect(heard.map(({ dagId, state }) => [dagId, state])).toEqual([
      [prod, "failed"],
      [both, "failed"],
    ]);
  });

  test("hears a DAG that is deployed later; two such DAGs do not start each other", async () => {
    const [first, second, late] = [nextId(), nextId(), nextId()];
    const tag = `late_${late}`;
    const on = [dagRun({ any: true, states: ["success", "failed"], tags: [tag] })];
    await known(postgres.db, spec(first, { tags: [tag], on }), spec(second, { tags: [tag], on }));
    await known(postgres.db, spec(late, { tags: [tag] }));
    await run(late);
    for (let pass = 0; pass < 4; pass++)
      for (const dagId of [first, second])
        for (const { id, state } of await runsOf(dagId)) if (state === "running") await finish(id);
    const chains = async (dagId: string) =>
      (await runsOf(dagId)).map(({ trigger }) => trigger.chain);
    expect(await chains(first)).toEqual([[late], [late, second]]);
    expect(await chains(second)).toEqual([[late], [late, first]]);
  });
});

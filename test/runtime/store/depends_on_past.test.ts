/**
 * Tasks that wait for the run before theirs, and what lets them go: on PostgreSQL, where
 * there is more than one run.
 */

import { describe, expect, test } from "vitest";
import { cancelRun } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { createRuns } from "../../../runtime/store/runs/dag_run.ts";
import {
  dagsWithDependsOnPastWaits,
  dependsOnPastWaitsOf,
} from "../../../runtime/store/waits/depends_on_past_wait.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { releaseDependsOnPast } from "../../../runtime/transactions/release_depends_on_past.ts";
import { afterTransaction } from "../../../runtime/transactions/run_ends.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  driverOf,
  endOf,
  failed,
  runnable,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const plans = new Plans();
const work = async (): Promise<null> => null;

type Declare = (d: Dag<Readonly<Record<string, never>>>) => void;
let last = 0;
const specOf = (declare: Declare, options: DagOptions = {}, dagId = `past_${++last}`): DagSpec => {
  const d = dag(dagId, { defaults: { dependsOnPast: true }, ...options } as never) as Dag<
    Readonly<Record<string, never>>
  >;
  declare(d);
  return describeDag(d as unknown as Dag<unknown>);
};

interface Made {
  readonly day: number;
  readonly runType?: "scheduled" | "manual";
  readonly schedule?: string;
}

/** Runs on days of January 2026, begun as a scheduler does. @returns their numbers */
async function runsOf(spec: DagSpec, ...made: readonly Made[]): Promise<number[]> {
  await known(postgres.db, spec);
  const [dagRow] = await rows<{ version_id: number }>(
    postgres.db,
    "select version_id from dagsmith.dag where dag_id = $1",
    [spec.dagId],
  );
  const created = await createRuns(
    postgres.db,
    made.map(({ day, runType = "scheduled", schedule = "" }) => {
      const date = new Date(Date.UTC(2026, 0, day));
      return {
        ...{
          dagId: spec.dagId,
          runId: `${runType}__${schedule}${day}`,
          runType,
          versionId: dagRow!.version_id,
          params: {},
        },
        ...{ schedule: runType === "manual" ? null : schedule, trigger: null },
        ...{ logicalDate: date, dataIntervalStart: date, dataIntervalEnd: date, runAfter: date },
      };
    }),
  );
  await startQueuedRuns(postgres.db, plans, [spec.dagId]);
  return created.map(({ id }) => id);
}

const stateOf = async (run: number) => statesOf(await driverOf(postgres.db, plans, run).look());
const runStateOf = async (run: number) => (await driverOf(postgres.db, plans, run).look()).run;

/** Takes and ends a task as a worker does, with what follows. */
async function end(run: number, taskId: string, outcome: Outcome = success()): Promise<void> {
  const driver = driverOf(postgres.db, plans, run);
  const instance = runnable(await driver.look()).find((one) => one.taskId === taskId);
  if (!instance) throw new Error(`${taskId} of run ${run} cannot be taken`);
  await driver.take(instance);
  const completed = await runEngineTransaction(postgres.db, plans, (tx) =>
    completeTries(tx, [endOf(instance, outcome)]),
  );
  await afterTransaction(postgres.db, plans, completed);
}

const one: Declare = (d) => void d.task("a", work);

describe("a task that depends on its past", () => {
  test("waits for the run before, visibly, and is let go by its end alone", async () => {
    const [first, second] = (await runsOf(specOf(one), { day: 1 }, { day: 2 })) as [number, number];
    expect([await stateOf(first), await stateOf(second), await runStateOf(second)]).toEqual([
      { a: "queued" },
      {},
      "running",
    ]);
    expect(await dependsOnPastWaitsOf(postgres.db, second)).toEqual([
      { taskId: "a", since: expect.any(Date) },
    ]);
    await end(first, "a");
    expect(await stateOf(second)).toEqual({ a: "queued" });
    expect(await dependsOnPastWaitsOf(postgres.db, second)).toEqual([]);
    await end(second, "a");
    expect(await runStateOf(second)).toBe("success");
  });

  test("goes on after a skip, and not after a failure", async () => {
    for (const [outcome, expected] of [
      [skipped, { a: "queued" }],
      [failed(), {}],
    ] as const) {
      const [first, second] = (await runsOf(specOf(one), { day: 1 }, { day: 2 })) as [
        number,
        number,
      ];
      await end(first, "a", outcome);
      expect([await stateOf(second), await runStateOf(second)]).toEqual([expected, "running"]);
    }
  });

  test("is let go along a row of runs whose tasks need no worker", async () => {
    const spec = specOf((d) => chain(d.task("a", work), d.empty("b")));
    const ids = await runsOf(spec, { day: 1 }, { day: 2 }, { day: 3 });
    for (const id of ids) await end(id, "a");
    expect(await Promise.all(ids.map(runStateOf))).toEqual(["success", "success", "success"]);
    const empties = await runsOf(
      specOf((d) => void d.empty("a")),
      { day: 3 },
      { day: 1 },
      { day: 2 },
    );
    expect(await Promise.all(empties.map(runStateOf))).toEqual(["success", "success", "success"]);
  });

  test("waits for every instance of a mapped task", async () => {
    const [first, second] = (await runsOf(
      specOf((d) => void d.task("a", { each: [1, 2] }, work)),
      { day: 1 },
      { day: 2 },
    )) as [number, number];
    await end(first, "a");
    expect(await stateOf(second)).toEqual({});
    await end(first, "a");
    expect(await stateOf(second)).toEqual({ "a[0]": "queued", "a[1]": "queued" });
  });

  test("that its rule ends does not wait first", async () => {
    const spec = specOf((d) =>
      chain(d.task("a", { dependsOnPast: false }, work), d.task("b", work)),
    );
    const [, second] = (await runsOf(spec, { day: 1 }, { day: 2 })) as [number, number];
    await end(second, "a", failed());
    expect([await stateOf(second), await runStateOf(second)]).toEqual([
      { a: "failed", b: "upstream_failed" },
      "failed",
    ]);
  });

  test("looks at runs by hand too, unless the DAG catches up all it missed", async () => {
    const manual = [{ day: 1 }, { day: 2, runType: "manual" }, { day: 3 }] as const;
    const [first, byHand, third] = (await runsOf(specOf(one), ...manual)) as [
      number,
      number,
      number,
    ];
    await end(first, "a");
    expect([await stateOf(byHand), await stateOf(third)]).toEqual([{ a: "queued" }, {}]);
    const catching = specOf(one, {
      schedule: "@daily",
      startDate: "2026-01-01",
      catchup: "all",
      pausedAtCreation: false,
    });
    const [scheduled, asked, next] = (await runsOf(catching, ...manual)) as [
      number,
      number,
      number,
    ];
    await end(scheduled, "a");
    expect([await stateOf(asked), await stateOf(next)]).toEqual([{ a: "queued" }, { a: "queued" }]);
  });

  test("looks at runs of its own schedule where there are several", async () => {
    const named = [
      { day: 1, schedule: "green" },
      { day: 2, schedule: "yellow" },
      { day: 3, schedule: "green" },
    ] as const;
    const [, yellow, green] = (await runsOf(specOf(one), ...named)) as [number, number, number];
    expect([await stateOf(yellow), await stateOf(green)]).toEqual([{ a: "queued" }, {}]);
  });

  test("does not wait when it is new, and does when it only left the run before", async () => {
    const spec = specOf(one);
    const [first] = (await runsOf(spec, { day: 1 })) as [number];
    const both = specOf((d) => void [d.task("a", work), d.task("b", work)], {}, spec.dagId);
    const [second] = (await runsOf(both, { day: 2 })) as [number];
    expect(await stateOf(second)).toEqual({ b: "queued" });
    await end(first, "a", skipped);
    const without = specOf((d) => void d.task("b", work), {}, spec.dagId);
    await runsOf(without, { day: 3 });
    const [again] = (await runsOf(both, { day: 4 })) as [number];
    expect(await stateOf(again)).toEqual({});
  });

  test("goes on when the run before is cancelled before the task's turn came, and not when it ran", async () => {
    const spec = specOf((d) =>
      chain(d.task("a", { dependsOnPast: false }, work), d.task("b", work)),
    );
    const [first, second] = (await runsOf(spec, { day: 1 }, { day: 2 })) as [number, number];
    await end(second, "a");
    expect(await stateOf(second)).toEqual({ a: "success" });
    await cancelRun(postgres.db, { id: first, actor: "ann" });
    expect(await stateOf(second)).toEqual({ a: "success", b: "queued" });
  });

  test("that waits in a cancelled run waits no longer", async () => {
    const [first, second] = (await runsOf(specOf(one), { day: 1 }, { day: 2 })) as [number, number];
    await cancelRun(postgres.db, { id: second, actor: "ann" });
    expect(await dependsOnPastWaitsOf(postgres.db, second)).toEqual([]);
    await end(first, "a");
    expect(await stateOf(second)).toEqual({});
  });

  test("is found by the scheduler when whoever ended the run before died at once", async () => {
    const spec = specOf(one);
    const [first, second] = (await runsOf(spec, { day: 1 }, { day: 2 })) as [number, number];
    const driver = driverOf(postgres.db, plans, first);
    const [instance] = runnable(await driver.look());
    await driver.take(instance!);
    await driver.complete([endOf(instance!, success())]);
    expect(await stateOf(second)).toEqual({});
    const waiting = await dagsWithDependsOnPastWaits(postgres.db);
    expect(waiting).toContain(spec.dagId);
    await Promise.all(
      Array.from({ length: 4 }, () => releaseDependsOnPast(postgres.db, new Plans(), waiting)),
    );
    expect(await stateOf(second)).toEqual({ a: "queued" });
    expect(await driverOf(postgres.db, plans, second).tokens()).toHaveLength(1);
  });

  test("is let go once when it begins to wait while the run before ends", async () => {
    for (let round = 0; round < 8; round += 1) {
      const spec = specOf((d) =>
        chain(d.task("go", { dependsOnPast: false }, work), d.task("a", work)),
      );
      const [first, second] = (await runsOf(spec, { day: 1 }, { day: 2 })) as [number, number];
      await end(first, "go");
      await Promise.all([end(first, "a"), end(second, "go")]);
      expect([await stateOf(first), await stateOf(second)]).toEqual([
        { go: "success", a: "success" },
        { go: "success", a: "queued" },
      ]);
      expect(await driverOf(postgres.db, plans, second).tokens()).toHaveLength(2);
    }
  });
});

describe("a task that waits for what came after it", () => {
  const chained: Declare = (d) =>
    chain(
      d.task("a", { waitForDownstream: true }, work),
      d.task("b", { dependsOnPast: false }, work),
      d.empty("c"),
    );

  test("waits for the tasks directly after it in the run before", async () => {
    const [first, second] = (await runsOf(specOf(chained), { day: 1 }, { day: 2 })) as [
      number,
      number,
    ];
    await end(first, "a");
    expect(await stateOf(second)).toEqual({});
    await end(first, "b");
    expect(await stateOf(second)).toEqual({ a: "queued" });
  });

  test("waits on when one of them failed", async () => {
    const [first, second] = (await runsOf(specOf(chained), { day: 1 }, { day: 2 })) as [
      number,
      number,
    ];
    await end(first, "a");
    await end(first, "b", failed());
    expect(await stateOf(second)).toEqual({});
  });
});

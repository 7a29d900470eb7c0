/** Runs that take too long, and DAGs that fail too often. */
import { describe, expect, test } from "vitest";
import { triggerRun, unpauseDag } from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { pauseLeftOver } from "../../../runtime/transactions/pause_failing.ts";
import { afterTransaction } from "../../../runtime/transactions/run_ends.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  driverOf,
  endOf,
  failed,
  runnable,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const plans = new Plans();
const work = async (): Promise<null> => null;

let last = 0;
async function knownDag(options: DagOptions): Promise<string> {
  last += 1;
  const d = dag(`overdue_${last}`, options) as unknown as Dag<unknown>;
  chain([d.task("a", work), d.task("b", work)], d.task("c", work));
  await known(postgres.db, describeDag(d));
  return d.dagId;
}

const begun = async (dagId: string): Promise<number> =>
  (await triggerRun(postgres.db, { dagId, actor: "ann" })).id;

/** As if the run had begun that many seconds earlier. */
const earlier = (run: number, seconds: number) =>
  rows(
    postgres.db,
    "update dagsmith.dag_run set started_at = started_at - $2 * interval '1 second', timeout_at = timeout_at - $2 * interval '1 second' where id = $1",
    [run, seconds],
  );

const runOf = async (run: number) =>
  (
    await rows<{ state: string; reason: string | null }>(
      postgres.db,
      "select state, reason from dagsmith.dag_run where id = $1",
      [run],
    )
  )[0]!;

const dagOf = async (dagId: string) =>
  (
    await rows<{ is_paused: boolean; pause_reason: string | null }>(
      postgres.db,
      "select is_paused, pause_reason from dagsmith.dag where dag_id = $1",
      [dagId],
    )
  )[0]!;

async function end(run: number, taskId: string, outcome = success()): Promise<void> {
  const driver = driverOf(postgres.db, plans, run);
  const instance = runnable(await driver.look()).find((one) => one.taskId === taskId)!;
  await driver.take(instance);
  await afterTransaction(
    postgres.db,
    plans,
    await runEngineTransaction(postgres.db, plans, (tx) =>
      completeTries(tx, [endOf(instance, outcome)]),
    ),
  );
}

describe("a run that takes longer than its dagRunTimeout", () => {
  test("fails; what runs and what waits is skipped; what ended stays", async () => {
    const run = await begun(await knownDag({ dagRunTimeout: "1h" }));
    const driver = driverOf(postgres.db, plans, run);
    await end(run, "b");
    const [a] = runnable(await driver.look());
    await driver.take(a!);
    await earlier(run, 3_599);
    expect(await endOverdueRuns(postgres.db, plans)).toBe(0);
    expect((await runOf(run)).state).toBe("running");
    await earlier(run, 1);
    expect(await endOverdueRuns(postgres.db, plans)).toBe(1);
    expect(await runOf(run)).toEqual({
      state: "failed",
      reason: "timed out: it took longer than its dagRunTimeout of 3600 s",
    });
    expect(statesOf(await driver.look())).toEqual({ a: "skipped", b: "success" });
    expect((await driver.complete([endOf(a!, success())])).accepted.size).toBe(0);
  });

  test("is ended once by several schedulers, and gives its place to the next", async () => {
    const dagId = await knownDag({ dagRunTimeout: "1m", maxActiveRuns: 1 });
    const [first, second] = [await begun(dagId), await begun(dagId)];
    expect((await runOf(second)).state).toBe("queued");
    await earlier(first, 60);
    const counts = await Promise.all(
      Array.from({ length: 4 }, () => endOverdueRuns(postgres.db, new Plans())),
    );
    expect(counts.toSorted()).toEqual([0, 0, 0, 1]);
    expect((await runOf(second)).state).toBe("running");
  });

  test("is not one that waited long for its place, or whose DAG sets no limit", async () => {
    const dagId = await knownDag({ dagRunTimeout: "1m", maxActiveRuns: 1 });
    const [first, second] = [await begun(dagId), await begun(dagId)];
    await earlier(second, 600);
    for (const taskId of ["a", "b", "c"]) await end(first, taskId);
    await earlier(await begun(await knownDag({})), 1_000_000);
    expect(await endOverdueRuns(postgres.db, plans)).toBe(0);
    expect((await runOf(second)).state).toBe("running");
  });

  test("is found by the index, however many runs there are", async () => {
    const plan = await rows<{ "QUERY PLAN": string }>(
      postgres.db,
      "explain select id from dagsmith.dag_run where state = 'running' and timeout_at <= now() order by timeout_at limit 100",
    );
    expect(plan.map((row) => row["QUERY PLAN"]).join("\n")).toContain("dag_run_overdue");
  });
});

describe("a DAG whose runs fail one after the other", () => {
  const failing = async (dagId: string): Promise<void> => {
    const run = await begun(dagId);
    await end(run, "a", failed());
    await end(run, "b");
  };

  test("is paused at its limit, with the reason and in the audit, and keeps what is queued", async () => {
    const dagId = await knownDag({ maxConsecutiveFailedDagRuns: 2, maxActiveRuns: 1 });
    await failing(dagId);
    expect((await dagOf(dagId)).is_paused).toBe(false);
    const [run, waiting] = [await begun(dagId), await begun(dagId)];
    await end(run, "a", failed());
    await end(run, "b");
    expect(await dagOf(dagId)).toEqual({ is_paused: true, pause_reason: "its last 2 runs failed" });
    expect((await runOf(waiting)).state).toBe("queued");
    const audit = await rows(
      postgres.db,
      "select actor, action, detail from dagsmith.audit where dag_id = $1 and action = 'pause'",
      [dagId],
    );
    expect(audit).toEqual([
      {
        ...{ actor: "dagsmith", action: "pause" },
        detail: {
          reason: "its last 2 runs failed",
          ...{ before: { paused: false }, after: { paused: true } },
        },
      },
    ]);
    await unpauseDag(postgres.db, { dagId, actor: "ann" });
    expect(await dagOf(dagId)).toEqual({ is_paused: false, pause_reason: null });
    await pauseLeftOver(postgres.db);
    expect((await dagOf(dagId)).is_paused, "a person has unpaused it").toBe(false);
  });

  test("is not paused when one of the last succeeded", async () => {
    const dagId = await knownDag({ maxConsecutiveFailedDagRuns: 2 });
    await failing(dagId);
    const run = await begun(dagId);
    for (const taskId of ["a", "b", "c"]) await end(run, taskId);
    await failing(dagId);
    expect((await dagOf(dagId)).is_paused).toBe(false);
  });

  test("is paused by a run that timed out, too", async () => {
    const dagId = await knownDag({ maxConsecutiveFailedDagRuns: 1, dagRunTimeout: "1s" });
    await earlier(await begun(dagId), 1);
    await endOverdueRuns(postgres.db, plans);
    expect(await dagOf(dagId)).toEqual({ is_paused: true, pause_reason: "its last run failed" });
  });
});

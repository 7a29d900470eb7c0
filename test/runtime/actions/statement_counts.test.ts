/** What concerns many runs or DAGs takes as many statements as what concerns one. */
import { describe, expect, test } from "vitest";
import {
  clearRuns,
  deployFolder,
  previewClear,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { pauseFailing } from "../../../runtime/transactions/pause_failing.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { driverOf, endOf, failed, play, runnable, scripted } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { noting } from "../../support/noting.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const MANY = 20;

let dags = 0;
function newSpec(options: DagOptions = {}) {
  const d = dag(`many_${++dags}`, { maxActiveRuns: 64, ...options }) as unknown as Dag<unknown>;
  const inner = d.group("g", { retries: 0 }, (g) => void g.task("inner", work));
  chain(d.task("a", { each: [1, 2] }, work), inner, d.task("z", work));
  return describeDag(d);
}

/** A DAG with runs that were started; on request they are played to their ends. */
async function withRuns(
  count: number,
  { played, ...options }: DagOptions & { readonly played: boolean },
): Promise<{ readonly dagId: string; readonly runs: readonly number[] }> {
  const spec = newSpec(options);
  await known(postgres.db, spec);
  const runs: number[] = [];
  for (let index = 0; index < count; index++) {
    const { id } = await triggerRun(postgres.db, { dagId: spec.dagId, actor: "ada" });
    runs.push(id);
    if (played) await play(driverOf(postgres.db, new Plans(), id), scripted({ z: failed(false) }));
  }
  return { dagId: spec.dagId, runs };
}

/** The statements of some work, by name. */
async function statementsOf(work: (db: Database) => Promise<unknown>): Promise<readonly string[]> {
  const names: string[] = [];
  await work(noting(postgres.db, names));
  expect(names.length).toBeGreaterThan(0);
  return names;
}

describe("as many statements for 20 as for 1", () => {
  const ofCount = async (of: (count: number) => Promise<readonly string[]>) =>
    expect(await of(MANY)).toEqual(await of(1));

  test("the preview of a clear of runs", () =>
    ofCount(async (count) => {
      const { dagId } = await withRuns(count, { played: true });
      return statementsOf(async (db) =>
        expect(await previewClear(db, { of: { dagId }, onlyFailed: true })).toHaveLength(count),
      );
    }));

  test.each([
    ["of failed tasks", { onlyFailed: true }],
    ["of a task, with all downstream", { taskId: "a", downstream: true }],
    ["of one item", { taskId: "a", mapIndex: 1 }],
    ["of all, with the latest version", { code: "latest" as const }],
  ])("a clear of runs: %s", (_, selection) =>
    ofCount(async (count) => {
      const { dagId } = await withRuns(count, { played: true });
      return statementsOf(async (db) =>
        expect(await clearRuns(db, { of: { dagId }, ...selection, actor: "ada" })).toHaveLength(
          count,
        ),
      );
    }),
  );

  test("the end of overdue runs", () =>
    ofCount(async (count) => {
      const { runs } = await withRuns(count, { played: false, dagRunTimeout: "1h" });
      await rows(postgres.db, "update dagsmith.dag_run set timeout_at = now() where id = any($1)", [
        runs,
      ]);
      return statementsOf(async (db) => expect(await endOverdueRuns(db, new Plans())).toBe(count));
    }));

  test("the pause of DAGs whose runs fail", () =>
    ofCount(async (count) => {
      const ids: number[] = [];
      for (let index = 0; index < count; index++) {
        const { runs } = await withRuns(1, { played: true, maxConsecutiveFailedDagRuns: 1 });
        ids.push(...runs);
      }
      const plans = new Plans();
      const ended = await runEngineTransaction(postgres.db, plans, (tx) => tx.lockRuns(ids));
      await rows(postgres.db, "update dagsmith.dag set is_paused = false, pause_reason = null");
      const names = await statementsOf((db) => pauseFailing(db, ended));
      const [paused] = await rows(
        postgres.db,
        `select count(*)::int as count, min(pause_reason) as reason from dagsmith.dag
         where is_paused and dag_id = any($1)`,
        [ended.map(({ plan }) => plan.dagId)],
      );
      expect(paused).toEqual({ count, reason: "its last run failed" });
      return names;
    }));

  test("a deployment", () =>
    ofCount(async (count) => {
      const versions = Array.from({ length: count }, () => versionOf(newSpec()));
      const names = await statementsOf((db) =>
        deployFolder(db, { versions, errors: [] }, { actor: "ada" }),
      );
      const [entries] = await rows(
        postgres.db,
        `select count(*)::int as count from dagsmith.audit
         where action = 'deploy' and dag_id = any($1)`,
        [versions.map(({ dagId }) => dagId)],
      );
      expect(entries).toEqual({ count });
      return names.filter((name) => name === "audit_record");
    }));
});

test("values of state are written by one statement more in the transaction that ends their try", async () => {
  const endOfTry = async (keys: number): Promise<readonly string[]> => {
    const d = dag(`stateful_${keys}`);
    d.task("a", work);
    await known(postgres.db, describeDag(d));
    const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ada" });
    const driver = driverOf(postgres.db, new Plans(), id);
    const [one] = runnable(await driver.look());
    await driver.take(one!);
    const state = Array.from({ length: keys }, (_, key) => ({
      ...{ scope: "dag", key: `k${key}`, json: "1" },
    }));
    const end = endOf(one!, { kind: "success", output: null, state });
    return statementsOf((db) =>
      runEngineTransaction(db, new Plans(), (tx) => completeTries(tx, [end])),
    );
  };
  const without = await endOfTry(0);
  const withOne = await endOfTry(1);
  expect(withOne.filter((name) => !without.includes(name))).toEqual(["state_put"]);
  expect(withOne).toHaveLength(without.length + 1);
  expect(await endOfTry(MANY)).toEqual(withOne);
});

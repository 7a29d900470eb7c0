/** Counts made anew from the instances alone are those that were kept by adding; and whatever is cleared, the run ends again. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { clearRuns } from "../../../runtime/actions/clear.ts";
import { markTask } from "../../../runtime/actions/mark.ts";
import { planOf } from "../../../runtime/engine/plan.ts";
import { recount, type StateCount } from "../../../runtime/engine/recount.ts";
import { isFinal, MARKS } from "../../../runtime/state/task_state.ts";
import { Plans } from "../../../runtime/store/plans.ts";
import { type Dag, dag } from "../../../sdk/dag.ts";
import { describeDag } from "../../../sdk/describe.ts";
import { type DagSpec, TRIGGER_RULES } from "../../../sdk/spec.ts";
import type { TaskRef } from "../../../sdk/task.ts";
import { beginInPostgres, driverOf, endOf, failed, play, runnable, type Script, skipped, success } from "../../support/engine_driver.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();

const task = fc.record({
  upstream: fc.array(fc.nat(5), { maxLength: 3 }),
  triggerRule: fc.constantFrom(...TRIGGER_RULES),
  kind: fc.constantFrom("task", "empty", "mapped"),
  maxActive: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
});
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never;

let lastDag = 0;
function specOf(tasks: readonly Task[]): DagSpec {
  lastDag += 1;
  const d = dag(`recount_${lastDag}`);
  const refs: TaskRef<unknown>[] = [];
  for (const [index, { upstream, triggerRule, kind, maxActive }] of tasks.entries()) {
    const before = [...new Set(upstream.filter((at) => at < index))].map((at) => refs[at]!);
    const body = async (): Promise<number[]> => [];
    const each = (before[0] as TaskRef<number[]> | undefined) ?? [1, 2, 3];
    const limit = maxActive === undefined ? {} : { maxActive };
    const ref: TaskRef<unknown> =
      kind === "empty"
        ? d.empty(`t${index}`, { triggerRule })
        : kind === "mapped"
          ? d.task(`t${index}`, { triggerRule, ...limit, each }, body)
          : d.task(`t${index}`, { triggerRule }, body);
    for (const one of before) d.connect(one, ref);
    refs.push(ref);
  }
  return describeDag(d as unknown as Dag<unknown>);
}

const graph = fc.array(task, { minLength: 1, maxLength: 6 });
const draws = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 });
const scriptOf =
  (seed: readonly number[]): Script =>
  ({ taskId, mapIndex, tryNumber }) => {
    const at = seed[(Number(taskId.slice(1)) * 7 + (mapIndex + 1) * 3 + tryNumber) % seed.length] ?? 0;
    return at < 6 ? success([...Array(at).keys()]) : at < 8 ? failed(false) : skipped;
  };

async function statesOf(runId: number): Promise<readonly StateCount[]> {
  return rows<StateCount & Record<string, unknown>>(
    postgres.db,
    `select task_id as "taskId", map_index >= 0 as "isMapped", state, count(*)::int as count, min(map_index) as lowest
     from dagsmith.task_instance where run_id = $1 group by task_id, map_index >= 0, state`,
    [runId],
  );
}

/** What is stored of a run's counts, beside what its instances amount to. */
async function expectCountsHold(runId: number, spec: DagSpec): Promise<void> {
  const plan = planOf(spec);
  const counted = recount({ id: runId, plan }, await statesOf(runId));
  const [run] = await rows(postgres.db, "select open_tasks, failed_leaves from dagsmith.dag_run where id = $1", [runId]);
  expect(run).toEqual({ open_tasks: counted.openTasks, failed_leaves: counted.failedLeaves });
  const stored = await rows<{ task_id: string }>(
    postgres.db,
    `select task_id, upstream_total, upstream_success, upstream_failed, upstream_skipped, upstream_upstream_failed, decided, instances,
       success, failed, skipped, upstream_failed_own from dagsmith.task_progress where run_id = $1`,
    [runId],
  );
  const told = counted.rows
    .filter(({ taskId }) => plan.tasks.get(taskId)!.isCounted)
    .map(({ taskId, upstreamTotal, upstream, decided, instances, own }) => ({
      ...{ task_id: taskId, upstream_total: upstreamTotal, upstream_success: upstream.success, upstream_failed: upstream.failed },
      ...{ upstream_skipped: upstream.skipped, upstream_upstream_failed: upstream.upstreamFailed, decided, instances },
      ...{ success: own.success, failed: own.failed, skipped: own.skipped, upstream_failed_own: own.upstreamFailed },
    }));
  const byTask = (a: { task_id: string }, b: { task_id: string }): number => a.task_id.localeCompare(b.task_id);
  expect(stored.toSorted(byTask)).toEqual(told.toSorted(byTask));
}

test("at any moment of any run, what its instances amount to is what was added up", async () => {
  const begin = beginInPostgres(postgres);
  await fc.assert(
    fc.asyncProperty(graph, draws, fc.nat(8), async (tasks, seed, steps) => {
      const spec = specOf(tasks);
      const driver = await begin(spec);
      const script = scriptOf(seed);
      for (let step = 0; step < steps; step++) {
        const [next] = runnable(await driver.look());
        if (!next) break;
        await driver.take(next);
        await driver.settle([endOf(next, script(next))]);
      }
      const [run] = await rows<{ id: number }>(postgres.db, "select id from dagsmith.dag_run where dag_id = $1", [spec.dagId]);
      await expectCountsHold(run!.id, spec);
    }),
    { numRuns: 100 },
  );
});

const change = fc.record({
  task: fc.nat(5),
  kind: fc.constantFrom("clear", "clear", "clear downstream", "clear upstream", "clear one item", "clear failed", "mark"),
  mark: fc.constantFrom(...MARKS),
  /** How many ends of tries come between this change and the next. */
  steps: fc.nat(4),
});

test("whatever is cleared or marked, and whenever, the counts hold and the run ends with every task ended", async () => {
  const begin = beginInPostgres(postgres);
  await fc.assert(
    fc.asyncProperty(graph, draws, fc.array(change, { minLength: 1, maxLength: 4 }), async (tasks, seed, changes) => {
      const spec = specOf(tasks);
      const driver = await begin(spec);
      const [run] = await rows<{ id: number }>(postgres.db, "select id from dagsmith.dag_run where dag_id = $1", [spec.dagId]);
      const { id } = run!;
      const script = scriptOf(seed);
      for (const { task: at, kind, mark, steps } of changes) {
        for (let step = 0; step < steps; step++) {
          const [next] = runnable(await driver.look());
          if (!next) break;
          await driver.take(next);
          await driver.settle([endOf(next, script(next))]);
        }
        const taskId = `t${at % tasks.length}`;
        const selection = {
          taskId,
          downstream: kind === "clear downstream",
          upstream: kind === "clear upstream",
          onlyFailed: kind === "clear failed",
        };
        const item = kind === "clear one item" ? { mapIndex: 1 } : {};
        const done =
          kind === "mark"
            ? markTask(postgres.db, { id, taskId, to: mark, actor: "ann" })
            : clearRuns(postgres.db, { of: { run: id }, ...selection, ...item, actor: "ann" });
        await done.catch((error: { code?: string }) => expect(error.code).toBe("NOTHING_TO_CLEAR"));
        await expectCountsHold(id, spec);
      }
      const end = await play(driverOf(postgres.db, new Plans(), id), script);
      expect(end.run).toMatch(/success|failed/);
      expect(end.openTasks).toBe(0);
      const left = end.instances.filter(({ state }) => !isFinal(state) && (state as string) !== "none");
      expect(left).toEqual([]);
      const ended = new Set(end.instances.filter(({ state }) => isFinal(state)).map(({ taskId }) => taskId));
      expect([...ended].toSorted()).toEqual(spec.tasks.map(({ taskId }) => taskId).toSorted());
      await expectCountsHold(id, spec);
    }),
    { numRuns: 100 },
  );
});

/**
 * What a clear of failed tasks includes: the tasks that could not run because of them.
 */
import { downstreamOf } from "../engine/plan/downstream.ts";
import { type Plan, shareMapIndex } from "../engine/plan/plan.ts";
import type { Queryable } from "../store/database/database.ts";
import { type SelectedInstance, selectInstances } from "../store/instances/instance_selection.ts";
import type { RunToClear } from "./clear_run.ts";

type ClearedRun = Pick<RunToClear, "instances"> & {
  readonly run: { readonly id: number };
  readonly plan: Plan;
};

/** A failed task, the tasks downstream of it, and the map indices at which it failed. */
interface Cause {
  readonly taskId: string;
  readonly after: ReadonlySet<string>;
  readonly indices: ReadonlySet<number>;
}

/**
 * Adds the `upstream_failed` instances downstream of failures among the instances to
 * clear: they are decided again, as after a mark. Within a mapped group, only at the map
 * index of a failure. One statement for all runs.
 */
export async function withHeldBack<Run extends ClearedRun>(
  on: Queryable,
  runs: readonly Run[],
): Promise<readonly Run[]> {
  const causesOf = new Map(runs.map((one) => [one.run.id, causesIn(one)]));
  const causes = [...causesOf.values()].flat();
  if (causes.length === 0) return runs;
  const taskIds = [...new Set(causes.flatMap(({ after }) => [...after]))];
  const ids = runs.map(({ run }) => run.id);
  const found = await selectInstances(on, ids, { taskIds, mapIndex: null, onlyFailed: true });
  const byRun = Map.groupBy(found, ({ runId }) => runId);
  return runs.map((one) => {
    const known = new Set(one.instances.map(({ instanceId }) => instanceId));
    const held = (byRun.get(one.run.id) ?? []).filter(
      (instance) =>
        instance.state === "upstream_failed" &&
        !known.has(instance.instanceId) &&
        isHeldBack(one.plan, causesOf.get(one.run.id) ?? [], instance),
    );
    return { ...one, instances: [...one.instances, ...held] };
  });
}

function causesIn({ plan, instances }: ClearedRun): readonly Cause[] {
  const failed = instances.filter(({ state }) => state === "failed" || state === "upstream_failed");
  return [...Map.groupBy(failed, ({ taskId }) => taskId)].map(([taskId, of]) => ({
    taskId,
    after: downstreamOf(plan, taskId),
    indices: new Set(of.map(({ mapIndex }) => mapIndex)),
  }));
}

function isHeldBack(
  plan: Plan,
  causes: readonly Cause[],
  { taskId, mapIndex }: SelectedInstance,
): boolean {
  return causes.some(
    (cause) =>
      cause.after.has(taskId) &&
      (!shareMapIndex(plan, cause.taskId, taskId) || cause.indices.has(mapIndex)),
  );
}

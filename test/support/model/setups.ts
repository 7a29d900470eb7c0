/**
 * Which setups a task needs, and what a teardown waits for, asked of the shape for one
 * task at a time.
 */

import { allAfter } from "./after.ts";
import type { DagShape, ShapedTask } from "./dag_shape.ts";

function isTeardownOf(setup: string, { kind, upstream }: ShapedTask): boolean {
  return kind === "teardown" && upstream.includes(setup);
}

/**
 * Whether a task needs a setup: the setup has no teardown, or one of its teardowns is yet
 * to come.
 */
export function needsSetup(shape: DagShape, taskId: string, setup: string): boolean {
  if (!allAfter(shape, setup).has(taskId)) return false;
  const teardowns = shape.tasks.filter((task) => isTeardownOf(setup, task));
  return teardowns.length === 0 || teardowns.some(({ id }) => allAfter(shape, taskId).has(id));
}

/**
 * Of a teardown the setups that it undoes; of another task those that it needs, but for
 * those directly before it.
 */
export function setupsOf(shape: DagShape, task: ShapedTask): readonly string[] {
  const setups = shape.tasks.filter(({ kind }) => kind === "setup").map(({ id }) => id);
  return task.kind === "teardown"
    ? setups.filter((setup) => task.upstream.includes(setup))
    : setups.filter((setup) => !task.upstream.includes(setup) && needsSetup(shape, task.id, setup));
}

/** What lies between a teardown and its setups, but for what is directly before it. */
export function betweenSetupsAnd(shape: DagShape, task: ShapedTask): readonly string[] {
  if (task.kind !== "teardown") return [];
  return shape.tasks
    .map(({ id }) => id)
    .filter(
      (id) =>
        !task.upstream.includes(id) &&
        allAfter(shape, id).has(task.id) &&
        setupsOf(shape, task).some((setup) => allAfter(shape, setup).has(id)),
    );
}

/**
 * Branches and short circuits as the model reads them: what they decided is what they
 * returned, for as long as that is kept.
 */
import { allAfter } from "./after.ts";
import type { ShapedTask } from "./dag_shape.ts";
import type { RunModel } from "./model_state.ts";

/** Whether a task decided that another is skipped. */
/** @param place of both: -1, but within a mapped group */
export function passesOver(
  { shape, tasks }: RunModel,
  decider: ShapedTask,
  id: string,
  place: number,
): boolean {
  const output = tasks[decider.id]![place]?.output;
  const target = shape.tasks.find((task) => task.id === id)!;
  if (output === undefined || !allAfter(shape, decider.id).has(id)) return false;
  const isDirect = target.upstream.includes(decider.id);
  if (decider.kind === "branch") {
    const chosen = output as readonly string[];
    return isDirect && !chosen.includes(id) && !chosen.some((one) => allAfter(shape, one).has(id));
  }
  const isStop = output === false || (Array.isArray(output) && output.length === 0);
  return (
    decider.kind === "short circuit" &&
    isStop &&
    target.kind !== "teardown" &&
    (isDirect || !decider.flag)
  );
}

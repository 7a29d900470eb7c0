/**
 * The last tasks of a plain group, which edges from the group come from (Airflow's rule):
 * a teardown is none of them, so the failure of a teardown holds up nothing after the
 * group, and a failure before it does.
 */
import type { TaskKind } from "../spec/index.ts";
import { definitionOf } from "../task/task_definition.ts";
import type { TaskRef } from "../task/task_ref.ts";

interface Graph {
  readonly runnables: readonly TaskRef<unknown>[];
  readonly upstream: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Tasks of one group, with their kinds and the edges between them. */
interface Members {
  readonly kindOf: (taskId: string) => TaskKind["type"] | undefined;
  readonly before: (taskId: string) => readonly string[];
  readonly after: (taskId: string) => readonly string[];
}

/**
 * Ids of the members that nothing in the group comes after but teardowns.
 * @param members of the group. Empty when it has only setups and teardowns
 */
export function lastTasks(members: ReadonlySet<string>, graph: Graph): readonly string[] {
  const within = membersIn(members, graph);
  const ends = [...members].filter((taskId) => within.after(taskId).length === 0);
  return [...new Set(ends.flatMap((taskId) => withoutTeardown(taskId, within)))];
}

function membersIn(members: ReadonlySet<string>, { runnables, upstream }: Graph): Members {
  const kinds = new Map(runnables.map((ref) => [ref.taskId, definitionOf(ref).kind?.type]));
  const before = (taskId: string): readonly string[] =>
    [...(upstream.get(taskId) ?? [])].filter((one) => members.has(one));
  const edges = [...members].flatMap((taskId) => before(taskId).map((one) => ({ one, taskId })));
  const after = Map.groupBy(edges, ({ one }) => one);
  return {
    kindOf: (taskId) => kinds.get(taskId),
    before,
    after: (taskId) => (after.get(taskId) ?? []).map((edge) => edge.taskId),
  };
}

/**
 * A last task itself; for a teardown what it comes after, but for the setups that it
 * undoes.
 */
function withoutTeardown(taskId: string, within: Members): readonly string[] {
  if (within.kindOf(taskId) !== "teardown") return [taskId];
  return within.before(taskId).flatMap((before) => {
    if (within.kindOf(before) === "teardown") return withoutTeardown(before, within);
    const isLast = within
      .after(before)
      .every((after) => after === taskId || within.kindOf(after) === "teardown");
    return within.kindOf(before) !== "setup" && isLast ? [before] : [];
  });
}

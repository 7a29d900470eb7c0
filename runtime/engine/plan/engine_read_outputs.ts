/**
 * Tasks whose outputs the engine reads: lists that others are mapped over, results of
 * loops, and decisions of branch tasks. Such an output must be in the database, not in a
 * file.
 */
import { sourcesOf } from "../advance/list_view.ts";
import type { Plan } from "./plan.ts";

const known = new WeakMap<Plan, ReadonlySet<string>>();

export function readByEngine(plan: Plan): ReadonlySet<string> {
  const found = known.get(plan) ?? find(plan);
  known.set(plan, found);
  return found;
}

function find({ tasks }: Plan): ReadonlySet<string> {
  const planned = [...tasks.values()];
  const lists = planned.flatMap(({ spec: { each } }) =>
    each ? sourcesOf(each).map(({ taskId }) => taskId) : [],
  );
  const results = planned.flatMap(({ spec: { each } }) =>
    each && "loop" in each ? (each.loop.result ?? []) : [],
  );
  return new Set([...lists, ...results, ...planned.flatMap(({ branchTasks }) => branchTasks)]);
}

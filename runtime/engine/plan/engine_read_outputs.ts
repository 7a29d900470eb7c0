/** Tasks whose outputs the engine itself reads: the lists that others are mapped over, what a loop goes on with, and decisions. They have to lie in the database. */
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
  const states = planned.flatMap(({ spec: { each } }) =>
    each && "loop" in each ? (each.loop.result ?? []) : [],
  );
  return new Set([...lists, ...states, ...planned.flatMap(({ deciders }) => deciders)]);
}

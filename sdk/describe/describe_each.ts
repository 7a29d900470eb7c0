/** Turns the list that a task is mapped over into its plain form. */
import type { DagsmithError } from "../errors.ts";
import { type Json, toJson } from "../json.ts";
import { invalidOption } from "../option_values.ts";
import type { EachSpec } from "../spec/index.ts";
import { type Each, type ListPlan, planOfEach } from "../task/items.ts";
import { PickRef } from "../task/pick.ts";
import { TaskRef } from "../task/task_ref.ts";

/** Longest list of a mapped task that sets no limit. */
export const DEFAULT_MAX_ITEMS = 100_000;

const LISTS =
  "a list, or a task whose output is one; of a record take entries(record), of one field of an output pick(task, field)";

/** The task as messages name it, and the limit that it sets. */
interface Owner {
  readonly where: string;
  readonly maxItems: number | undefined;
}

/**
 * The plain form of `each`.
 * @throws DagsmithError INVALID_OPTION for a value that is no list, a combination of no
 *   lists, and literal items beyond `maxItems`; OUTPUT_NOT_JSON
 */
export function describeEach(each: Each<unknown>, owner: Owner): EachSpec {
  return describePlan(planOfEach(each), owner);
}

function describePlan(plan: ListPlan, owner: Owner): EachSpec {
  if (plan.type === "entries") return { entriesOf: plan.of.taskId };
  if (plan.type === "source") return describeSource(plan.of, owner);
  if (plan.of.length === 0) throw refused(`a ${plan.type} of no lists`, owner);
  if (plan.type === "cross")
    return { cross: plan.of.map(([name, list]) => ({ name, list: describePlan(list, owner) })) };
  const lists = plan.of.map((list) => describePlan(list, owner));
  if (plan.type === "concat") return { concat: lists };
  return {
    zip: lists,
    ...(plan.fill ? { fillValue: JSON.parse(toJson(plan.fill.value)) as Json } : {}),
  };
}

function describeSource(
  source: TaskRef<unknown> | PickRef<unknown> | readonly unknown[],
  owner: Owner,
): EachSpec {
  if (source instanceof TaskRef) return { taskId: source.taskId };
  return source instanceof PickRef
    ? { taskId: source.source.taskId, field: source.field }
    : { items: literal(source, owner) };
}

function literal(items: readonly unknown[], owner: Owner): readonly Json[] {
  if (!Array.isArray(items)) throw refused(kindOf(items), owner);
  const limit = owner.maxItems ?? DEFAULT_MAX_ITEMS;
  if (items.length > limit)
    throw refused(`a list of ${items.length}`, owner, `at most ${limit} items (maxItems)`);
  return JSON.parse(toJson(items)) as Json[];
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? "a record" : typeof value;
}

function refused(found: string, { where }: Owner, allowed = LISTS): DagsmithError {
  return invalidOption(where, "each", found, allowed);
}

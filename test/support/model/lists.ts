/** The list of a mapped task as the model makes it: whole, item by item. */
import type { Json } from "../../../sdk/json.ts";
import { MOST_ITEMS, type ShapedTask } from "./dag_shape.ts";
import { type Instance, instancesOf, type RunModel, taskOf } from "./model_state.ts";

/** The list; or how the task ends instead of being mapped. */
export function listOf(
  model: RunModel,
  { form, items, upstream }: ShapedTask,
): readonly Json[] | Instance["state"] {
  const literal = [...Array(items).keys()];
  if (form === "items") return literal.length > 0 ? literal : "skipped";
  const isOfTwo = form !== "output" && form !== "cross";
  const sources = (isOfTwo ? [upstream[0]!, upstream.at(-1)!] : [upstream[0]!]).map((id) =>
    returned(model, id),
  );
  const missing = sources.find((source): source is Instance["state"] => typeof source === "string");
  if (missing !== undefined) return missing;
  const [one = [], other = []] = sources as readonly (readonly Json[])[];
  const list = putTogether(form, one, other, literal);
  if (form !== "output" && list.length > MOST_ITEMS) return "failed";
  return list.length > 0 ? list : "skipped";
}

function putTogether(
  form: ShapedTask["form"],
  one: readonly Json[],
  other: readonly Json[],
  literal: readonly Json[],
): readonly Json[] {
  const longest = one.length > other.length ? one : other;
  switch (form) {
    case "longest zip":
      return longest.map((_, index) => [one[index] ?? null, other[index] ?? null]);
    case "concat":
      return [...one, ...literal, ...other];
    case "cross":
      return one.flatMap((first) => literal.map((second) => ({ one: first, literal: second })));
    case "concat of cross and zip":
      return [
        ...one.flatMap((first) => other.map((second) => ({ one: first, other: second }))),
        ...literal.slice(0, other.length).map((first, index) => [first, other[index]!]),
      ];
    default:
      return one;
  }
}

/**
 * The list that a task returned; or how a task ends that needs it and does not get it.
 */
function returned(model: RunModel, id: string): readonly Json[] | Instance["state"] {
  const own = instancesOf(model, id);
  const { kind } = taskOf(model, id);
  const isMany = kind === "mapped" || kind === "loop";
  const output: Json | undefined = isMany
    ? own.flatMap((one) => (one.output === undefined ? [] : [one.output]))
    : own[0]?.output;
  const states = own.map(({ state }) => state);
  if (output === undefined || (Array.isArray(output) && output.length === 0)) {
    if (states.includes("success")) return output === undefined ? "failed" : [];
    return states.includes("failed") || states.includes("upstream_failed")
      ? "upstream_failed"
      : "skipped";
  }
  return Array.isArray(output) ? output : "failed";
}

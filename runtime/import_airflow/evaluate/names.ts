/** Names and lists: what an assignment and a loop take apart. */
import type { Expression } from "../python/tree.ts";
import { plain, type Scope, type Value } from "./value.ts";

/** Binds a name, or each name of a list. */
export function bind(target: Expression, value: Value, scope: Scope): void {
  if (target.type === "name") scope.names.set(target.name, value);
  if (target.type !== "list") return;
  for (const [index, one] of target.items.entries()) bind(one, partOf(value, index), scope);
}

function partOf(value: Value, index: number): Value {
  if (value.kind === "output") return { ...value, key: String(index) };
  return itemsOf(value)?.[index] ?? { kind: "unknown", text: `part ${index + 1}` };
}

/** The items of a list, or the keys of a dict; undefined when only Python knows. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  if (value.kind === "list") return value.items;
  if (value.kind === "dict") return [...value.entries.keys()].map(plain);
  if (value.kind === "plain" && typeof value.value === "string") return [...value.value].map(plain);
  return undefined;
}

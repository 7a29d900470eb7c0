/** What a call gives a function, and where a call declares. */
import type { Parameter } from "../python/tree.ts";
import { argument, type Call, type Machine } from "./machine.ts";
import { dagOf, type PythonDag, type PythonGroup } from "./python_dag.ts";
import type { NamedValues, Scope, Value } from "./value.ts";

/** The arguments of a call by the names of the parameters, with their defaults. */
export function argumentsOf(
  machine: Machine,
  parameters: readonly Parameter[],
  call: Call,
  scope: Scope,
): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const [index, { name, unpacked, fallback }] of parameters.entries()) {
    if (unpacked === "*") found.set(name, { kind: "list", items: call.args.slice(index) });
    else if (unpacked === "**") found.set(name, { kind: "dict", entries: new Map(call.named) });
    else {
      const given = argument(call, name, index);
      const value = given ?? (fallback ? machine.evaluate(fallback, scope) : undefined);
      if (value) found.set(name, value);
    }
  }
  return found;
}

/** Where a task or a group is declared: as it says itself, or as the file stands. */
export function containerOf(
  machine: Machine,
  named: NamedValues,
): PythonDag | PythonGroup | undefined {
  const [group, parent, dag] = ["task_group", "parent_group", "dag"].map((name) => named.get(name));
  for (const one of [group, parent])
    if (one?.kind === "node" && one.node.type === "group") return one.node;
  const current = machine.containers.at(-1);
  if (dag?.kind !== "dag") return current;
  return current && dagOf(current) === dag.dag ? current : dag.dag;
}

/** Makes DAGs and groups, and runs the functions that declare what is in them. */
import type { Parameter, PythonFunction } from "../python/tree.ts";
import { argumentsOf, containerOf } from "./arguments.ts";
import { freeId } from "./free_id.ts";
import { argument, type Call, type Machine, within } from "./machine.ts";
import type { PythonDag, PythonGroup } from "./python_dag.ts";
import {
  type FunctionValue,
  type GroupMaker,
  type NamedValues,
  NONE,
  outputsIn,
  plain,
  type Scope,
  textOf,
  truthOf,
  type Value,
} from "./value.ts";
import { connect } from "./wire.ts";

const MAX_DEPTH = 20;

/** Calls a function of the file. */
export function callFunction(machine: Machine, of: FunctionValue, call: Call): Value {
  const scope: Scope = { names: new Map(), outer: of.scope };
  if (machine.depth >= MAX_DEPTH) return { kind: "unknown", text: call.text };
  for (const [name, value] of argumentsOf(machine, of.of.parameters, call, of.scope))
    scope.names.set(name, value);
  machine.depth += 1;
  const result = machine.run(of.of.body, scope);
  machine.depth -= 1;
  return result ?? NONE;
}

/** `DAG(…)`. */
export function makeDag(machine: Machine, call: Call): Value {
  const id = argument(call, "dag_id", 0);
  return { kind: "dag", dag: newDag(machine, id, call.named, { line: call.line }) };
}

/** The call of a function with `@dag`. */
export function makeDagOf(
  machine: Machine,
  { function: of, options, args }: Extract<Value, { kind: "dag_maker" }>,
  call: Call,
): Value {
  const id = options.get("dag_id") ?? args[0] ?? plain(of.of.name);
  const defaults = argumentsOf(machine, of.of.parameters, call, of.scope);
  const params = new Map(of.of.parameters.map(({ name }) => [name, defaults.get(name) ?? NONE]));
  const dag = newDag(machine, id, options, { line: of.of.line, params, doc: docOf(of.of) });
  const given = [...params.keys()].map((name) => [name, { kind: "param", name }] as const);
  within(machine, dag, () =>
    callFunction(machine, of, { ...call, args: [], named: new Map(given) }),
  );
  return { kind: "dag", dag };
}

interface More {
  readonly line: number;
  readonly params?: ReadonlyMap<string, Value>;
  readonly doc?: string | null;
}

function newDag(
  machine: Machine,
  id: Value | undefined,
  args: NamedValues,
  { line, params = new Map(), doc = null }: More,
): PythonDag {
  const known = textOf(id) ?? `dag_${machine.dags.length + 1}`;
  const taken = new Set(machine.dags.map((dag) => dag.id));
  const dag: PythonDag = {
    ...{ type: "dag", id: freeId(known, taken), args, params, doc, line },
    ...{ children: [], edges: [], notes: [] },
  };
  if (dag.id !== textOf(id)) dag.notes.push({ line, text: `the id of the DAG is now ${dag.id}` });
  machine.dags.push(dag);
  return dag;
}

/** The docstring of a function. */
function docOf({ body: [first] }: PythonFunction): string | null {
  const isDoc = first?.type === "expression" && first.value.type === "literal";
  return isDoc && typeof first.value.value === "string" ? first.value.value : null;
}

/** `TaskGroup(…)`. */
export function makeGroup(machine: Machine, call: Call): Value {
  const parent = containerOf(machine, call.named);
  const id = textOf(argument(call, "group_id", 0));
  if (!parent) return { kind: "unknown", text: call.text };
  return { kind: "node", node: newGroup(parent, id, call.named, null, call.line) };
}

/** The call of a function with `@task_group`. */
export function makeGroupOf(
  machine: Machine,
  maker: GroupMaker,
  call: Call,
  mapped: NamedValues | null,
): Value {
  const { function: of, options, constants } = maker;
  const parent = containerOf(machine, options);
  if (!parent) return { kind: "unknown", text: call.text };
  const id = textOf(options.get("group_id")) ?? of.of.name;
  const group = newGroup(parent, id, options, mapped, call.line);
  const given = new Map([...constants, ...call.named, ...itemsFor(mapped, of.of.parameters)]);
  const result = within(machine, group, () => callFunction(machine, of, { ...call, named: given }));
  for (const { task } of [...(mapped?.values() ?? [])].flatMap(outputsIn)) connect([task], [group]);
  return mapped === null && result.kind !== "plain" ? result : { kind: "node", node: group };
}

/** The parameters that a mapped group gets from its list. */
function itemsFor(
  mapped: NamedValues | null,
  parameters: readonly Parameter[],
): readonly (readonly [string, Value])[] {
  if (mapped === null) return [];
  const names = mapped.has("**") ? parameters.map(({ name }) => name) : [...mapped.keys()];
  const isOne = names.length === 1 && !mapped.has("**");
  return names.map((name) => [name, { kind: "item", field: isOne ? null : name }]);
}

function newGroup(
  parent: PythonDag | PythonGroup,
  id: string | undefined,
  args: NamedValues,
  mapped: NamedValues | null,
  line: number,
): PythonGroup {
  const taken = new Set(parent.children.map((child) => child.id));
  const own = freeId(id ?? "group", taken);
  const prefix = truthOf(args.get("prefix_group_id") ?? plain(true)) !== false;
  const outer = parent.type === "group" && parent.prefix ? `${parent.fullId}.` : "";
  const group: PythonGroup = {
    ...{ type: "group", id: own, fullId: `${outer}${own}`, prefix, parent, args, mapped, line },
    children: [],
  };
  parent.children.push(group);
  return group;
}

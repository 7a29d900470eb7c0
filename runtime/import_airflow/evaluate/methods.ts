/** Methods: of tasks and what makes them, and of texts, lists and dicts. */
import type { Call, Machine } from "./machine.ts";
import { makeGroupOf } from "./make_containers.ts";
import { makeTaskOf } from "./make_task.ts";
import { itemsOf } from "./names.ts";
import { joined, pythonText } from "./operate.ts";
import type { PythonTask } from "./python_dag.ts";
import {
  type GroupMaker,
  lastName,
  NONE,
  plain,
  type TaskMaker,
  textOf,
  truthOf,
  type Value,
} from "./value.ts";
import { connect, nodesOf } from "./wire.ts";

/** The value of `of.name(…)`; undefined when it is no method that is known. */
export function callMethod(
  machine: Machine,
  of: Value,
  name: string,
  call: Call,
): Value | undefined {
  switch (of.kind) {
    case "maker":
    case "group_maker":
      return makerMethod(machine, of, name, call);
    case "symbol":
      return name === "partial" && call.named.has("task_id")
        ? operatorMaker(lastName(of.path), call)
        : undefined;
    case "node":
    case "output":
      return nodeMethod(of, name, call);
    case "plain":
      return typeof of.value === "string" ? textMethod(of.value, name, call) : undefined;
    case "list":
      return listMethod(of.items, name, call);
    case "dict":
      return dictMethod(of.entries, name, call);
    default:
      return undefined;
  }
}

function operatorMaker(operator: string, { named }: Call): TaskMaker {
  return {
    ...{ kind: "maker", operator, function: null, options: named, constants: new Map() },
    role: "work",
  };
}

function makerMethod(
  machine: Machine,
  of: TaskMaker | GroupMaker,
  name: string,
  call: Call,
): Value | undefined {
  const both = (before: ReadonlyMap<string, Value>) => new Map([...before, ...call.named]);
  if (name === "override") return { ...of, options: both(of.options) };
  if (name === "partial") return { ...of, constants: both(of.constants) };
  if (name !== "expand" && name !== "expand_kwargs") return undefined;
  const [list] = call.args;
  const mapped = name === "expand" ? call.named : new Map(list ? [["**", list]] : []);
  const plainCall = { ...call, args: [], named: new Map() };
  return of.kind === "maker"
    ? makeTaskOf(machine, of, plainCall, mapped)
    : makeGroupOf(machine, of, plainCall, mapped);
}

function nodeMethod(
  of: Extract<Value, { kind: "node" | "output" }>,
  name: string,
  { args, named }: Call,
): Value | undefined {
  const others = nodesOf({ kind: "list", items: [...args] });
  const own = nodesOf(of);
  if (name === "set_upstream") connect(others, own);
  else if (name === "set_downstream") connect(own, others);
  else if (name === "as_setup") for (const node of own) setRole(node, "setup", []);
  if (name === "as_teardown") {
    const setups = nodesOf(named.get("setups") ?? { kind: "list", items: [] });
    const failsRun = truthOf(named.get("on_failure_fail_dagrun") ?? plain(false)) ?? false;
    for (const node of own) setRole(node, "teardown", setups, failsRun);
  }
  if (name.startsWith("set_")) return NONE;
  // `map`, `zip` and their like change the items of a list, which only Python knows.
  return name.startsWith("as_") || of.kind === "output" ? of : undefined;
}

function setRole(
  node: PythonTask | object,
  role: "setup" | "teardown",
  setups: readonly object[],
  failsRun = false,
): void {
  const isTask = (one: object): one is PythonTask => "type" in one && one.type === "task";
  if (!isTask(node)) return;
  const tasks = setups.filter(isTask);
  for (const setup of tasks) setup.role = "setup";
  connect(tasks, [node]);
  Object.assign(node, { role, setups: tasks, failsRun });
}

function textMethod(text: string, name: string, { args, named }: Call): Value | undefined {
  const [first, second] = args.map(textOf);
  if (name === "format") return formatted(text, args, named);
  if (name === "join") return joinedBy(text, args[0]);
  if (name === "lower") return plain(text.toLowerCase());
  if (name === "upper") return plain(text.toUpperCase());
  if (/^[lr]?strip$/.test(name) && args.length === 0)
    return plain(
      name === "strip" ? text.trim() : name === "lstrip" ? text.trimStart() : text.trimEnd(),
    );
  if (name === "replace" && first !== undefined && second !== undefined)
    return plain(text.replaceAll(first, second));
  if (name === "split" && first !== undefined)
    return { kind: "list", items: text.split(first).map(plain) };
  if (name === "startswith" && first !== undefined) return plain(text.startsWith(first));
  return name === "endswith" && first !== undefined ? plain(text.endsWith(first)) : undefined;
}

function formatted(
  text: string,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value | undefined {
  let next = 0;
  const parts = text.split(/(\{\w*\}|\{\{|\}\})/).map((piece): Value | undefined => {
    if (piece === "{{" || piece === "}}") return plain(piece.slice(1));
    if (!/^\{\w*\}$/.test(piece)) return plain(piece);
    const name = piece.slice(1, -1);
    return name === "" || /^\d+$/.test(name)
      ? args[name === "" ? next++ : Number(name)]
      : named.get(name);
  });
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? joined(known) : undefined;
}

function joinedBy(separator: string, list: Value | undefined): Value | undefined {
  const items = list && itemsOf(list);
  return (
    items && joined(items.flatMap((item, at) => (at === 0 ? [item] : [plain(separator), item])))
  );
}

function listMethod(items: Value[], name: string, { args: [first] }: Call): Value | undefined {
  if (name === "append" && first) items.push(first);
  else if (name === "extend" && first) items.push(...(itemsOf(first) ?? []));
  else return undefined;
  return NONE;
}

function dictMethod(entries: Map<string, Value>, name: string, call: Call): Value | undefined {
  const list = (items: readonly Value[]): Value => ({ kind: "list", items: [...items] });
  const [first, fallback = NONE] = call.args;
  if (name === "items") return list([...entries].map(([key, value]) => list([plain(key), value])));
  if (name === "keys") return list([...entries.keys()].map(plain));
  if (name === "values") return list([...entries.values()]);
  if (name === "copy") return { kind: "dict", entries: new Map(entries) };
  if (name === "get" && first?.kind === "plain")
    return entries.get(pythonText(first.value)) ?? fallback;
  if (name !== "update") return undefined;
  const more = first?.kind === "dict" ? first.entries : new Map<string, Value>();
  for (const [key, value] of [...more, ...call.named]) entries.set(key, value);
  return NONE;
}

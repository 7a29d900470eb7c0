/** Calls: of functions of the file, of what makes tasks, and of imported names. */
import { BUILTINS } from "./builtins.ts";
import type { Call, Machine } from "./machine.ts";
import { callFunction, makeDag, makeDagOf, makeGroup, makeGroupOf } from "./make_containers.ts";
import { makeOperator, makeTaskOf } from "./make_task.ts";
import { lastName, NONE, type Value } from "./value.ts";
import { WIRING } from "./wire.ts";

/** The value of a call. */
export function callValue(machine: Machine, of: Value, call: Call): Value {
  switch (of.kind) {
    case "function":
      return callFunction(machine, of, call);
    case "maker":
      return makeTaskOf(machine, of, call, null);
    case "group_maker":
      return makeGroupOf(machine, of, call, null);
    case "dag_maker":
      return makeDagOf(machine, of, call);
    case "symbol":
      return callSymbol(machine, of.path, call);
    case "unknown":
      // A class may come from `from … import *`.
      return /^[\w.]+$/.test(of.text)
        ? callSymbol(machine, of.text, call)
        : { kind: "unknown", text: call.text };
    default:
      return { kind: "unknown", text: call.text };
  }
}

function callSymbol(machine: Machine, path: string, call: Call): Value {
  const name = lastName(path);
  if (name === "DAG") return makeDag(machine, call);
  if (name === "TaskGroup") return makeGroup(machine, call);
  const wire = path.startsWith("airflow") ? WIRING[name] : undefined;
  if (wire) {
    wire(call);
    return NONE;
  }
  const known = BUILTINS[path]?.(call);
  if (known) return known;
  if (/^_?[A-Z]/.test(name) && call.named.has("task_id")) return makeOperator(machine, name, call);
  return { kind: "call", path, args: call.args, named: call.named, text: call.text };
}

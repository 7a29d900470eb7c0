/** Attributes of values: `task.output`, `dag.dag_id`, and names within imported modules. */
import { plain, textOf, type Value } from "./value.ts";

/** `value.name`. */
export function attributeOf(value: Value, name: string, text: string): Value {
  const known = knownAttribute(value, name);
  if (known) return known;
  return value.kind === "symbol"
    ? { kind: "symbol", path: `${value.path}.${name}` }
    : { kind: "unknown", text };
}

function knownAttribute(value: Value, name: string): Value | undefined {
  if (value.kind === "dag" && name === "dag_id") return plain(value.dag.id);
  if (value.kind === "symbol" && value.path === "typing" && name === "TYPE_CHECKING")
    return plain(false);
  // `Path(__file__).stem` is often the id of a DAG.
  if (value.kind === "call" && value.path === "pathlib.Path" && name === "stem")
    return stemOf(value.args[0]);
  // The state of a task is a constant of an enumeration.
  if (
    value.kind === "symbol" &&
    /(TriggerRule|WeightRule|TaskInstanceState|DagRunState)$/.test(value.path)
  )
    return plain(name.toLowerCase());
  if (value.kind === "plain" && name === "value") return value;
  if (value.kind !== "node") return undefined;
  if (name === "task_id" || name === "group_id") return plain(value.node.fullId);
  return name === "output" && value.node.type === "task"
    ? { kind: "output", task: value.node, key: null }
    : undefined;
}

function stemOf(path: Value | undefined): Value | undefined {
  const text = textOf(path);
  return text === undefined ? undefined : plain(text.replace(/^.*\//, "").replace(/\.[^.]*$/, ""));
}

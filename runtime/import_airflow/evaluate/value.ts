/** Questions about values that are known. */
import type { Value } from "./python_dag.ts";

export type {
  FunctionValue,
  GroupMaker,
  NamedValues,
  Scope,
  TaskMaker,
  Value,
} from "./python_dag.ts";

export const NONE: Value = { kind: "plain", value: null };

export function plain(value: string | number | boolean | null): Value {
  return { kind: "plain", value };
}

/** The text of a value that is known and is a text. */
export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === "plain" && typeof value.value === "string" ? value.value : undefined;
}

/** The number of a value that is known and is a number. */
export function numberOf(value: Value | undefined): number | undefined {
  return value?.kind === "plain" && typeof value.value === "number" ? value.value : undefined;
}

/** Whether a value is true in Python; undefined when only Python knows. */
export function truthOf(value: Value): boolean | undefined {
  if (value.kind === "plain") return Boolean(value.value);
  if (value.kind === "list") return value.items.length > 0;
  if (value.kind === "dict") return value.entries.size > 0;
  return value.kind === "node" || value.kind === "dag" ? true : undefined;
}

/** The last name of a path: `BashOperator` of `airflow.operators.bash.BashOperator`. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** The outputs of tasks within a value. */
export function outputsIn(value: Value): readonly Extract<Value, { kind: "output" }>[] {
  if (value.kind === "output") return [value];
  return partsOf(value).flatMap(outputsIn);
}

function partsOf(value: Value): readonly Value[] {
  if (value.kind === "list") return value.items;
  if (value.kind === "dict") return [...value.entries.values()];
  if (value.kind === "text") return value.parts;
  if (value.kind === "operation") return value.sides;
  return value.kind === "call" ? [...value.args, ...value.named.values()] : [];
}

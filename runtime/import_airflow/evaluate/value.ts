/**
 * What the importer knows of a Python value. Literals are known; a value that only Python
 * could compute keeps its text.
 */
import type { PythonFunction } from "../python/tree.ts";
import type { PythonDag, PythonNode, PythonTask } from "./python_dag.ts";

/** Named arguments, in the order of the call. */
export type NamedValues = ReadonlyMap<string, Value>;

/** Names and their values; a function sees those around it. */
export interface Scope {
  readonly names: Map<string, Value>;
  readonly outer: Scope | null;
}

/** A function with its decorators' names removed from the values around it. */
export interface FunctionValue {
  readonly kind: "function";
  readonly of: PythonFunction;
  readonly scope: Scope;
}

/** What makes tasks when it is called: a function with `@task`, or a class. */
export interface TaskMaker {
  readonly kind: "maker";
  /** The class, or the decorator such as `@task.branch`. */
  readonly operator: string;
  readonly function: FunctionValue | null;
  /** Arguments of the task itself, such as retries. */
  readonly options: NamedValues;
  /** Arguments by `partial`. */
  readonly constants: NamedValues;
  readonly role: PythonTask["role"];
}

/** What makes groups when it is called: a function with `@task_group`. */
export interface GroupMaker {
  readonly kind: "group_maker";
  readonly function: FunctionValue;
  readonly options: NamedValues;
  readonly constants: NamedValues;
}

export type Value =
  | { readonly kind: "plain"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly items: Value[] }
  | { readonly kind: "dict"; readonly entries: Map<string, Value> }
  /** Text with parts that are known only in a run. */
  | { readonly kind: "text"; readonly parts: readonly Value[] }
  /** An imported name, or a class of the file. */
  | { readonly kind: "symbol"; readonly path: string }
  /** The result of calling an imported name. */
  | {
      readonly kind: "call";
      readonly path: string;
      readonly args: readonly Value[];
      readonly named: NamedValues;
      readonly text: string;
    }
  | { readonly kind: "operation"; readonly operator: string; readonly sides: readonly Value[] }
  | FunctionValue
  | TaskMaker
  | GroupMaker
  | {
      readonly kind: "dag_maker";
      readonly function: FunctionValue;
      readonly options: NamedValues;
      readonly args: readonly Value[];
    }
  | { readonly kind: "dag"; readonly dag: PythonDag }
  | { readonly kind: "node"; readonly node: PythonNode }
  | { readonly kind: "output"; readonly task: PythonTask; readonly key: string | null }
  /** A param of the run. */
  | { readonly kind: "param"; readonly name: string }
  /** The item of a mapped group, or a field of it. */
  | { readonly kind: "item"; readonly field: string | null }
  | { readonly kind: "unknown"; readonly text: string };

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

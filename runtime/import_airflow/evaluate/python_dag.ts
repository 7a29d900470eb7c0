/**
 * The DAGs, groups and tasks of a Python file, before they are written in TypeScript, and
 * what the importer knows of a Python value. They name each other, so they share a file.
 */
import type { PythonFunction } from "../python/tree.ts";

/** Something that does not come over by itself, and where it stands. */
export interface Note {
  readonly line: number;
  readonly text: string;
}

export interface PythonTask {
  readonly type: "task";
  /** The id within its group. */
  readonly id: string;
  /** The id with the prefixes of its groups. */
  readonly fullId: string;
  readonly parent: PythonGroup | PythonDag;
  /** The class, or the decorator such as `@task.branch`. */
  readonly operator: string;
  /** Arguments of the operator, or of the task of a function. */
  readonly args: NamedValues;
  /** The function that is the work of the task. */
  readonly function: PythonFunction | null;
  /** Arguments with which the function is called. */
  readonly given: NamedValues;
  /** Lists that the task is mapped over, by argument; or one list of arguments. */
  readonly mapped: NamedValues | null;
  readonly text: string;
  readonly line: number;
  role: "work" | "setup" | "teardown";
  setups: readonly PythonTask[];
  failsRun: boolean;
}

export interface PythonGroup {
  readonly type: "group";
  readonly id: string;
  readonly fullId: string;
  /** Whether the ids of its tasks begin with its id. */
  readonly prefix: boolean;
  readonly parent: PythonGroup | PythonDag;
  readonly args: NamedValues;
  readonly mapped: NamedValues | null;
  readonly children: PythonNode[];
  readonly line: number;
}

/** A task or a group. */
export type PythonNode = PythonTask | PythonGroup;

export interface Edge {
  readonly from: PythonNode;
  readonly to: PythonNode;
}

export interface PythonDag {
  readonly type: "dag";
  readonly id: string;
  readonly args: NamedValues;
  /** Params besides those of the argument `params`: names and defaults. */
  readonly params: ReadonlyMap<string, Value>;
  readonly doc: string | null;
  readonly children: PythonNode[];
  readonly edges: Edge[];
  readonly notes: Note[];
  readonly line: number;
}

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

/** The tasks of a DAG or a group, also those in its groups. */
export function tasksIn({ children }: PythonGroup | PythonDag): readonly PythonTask[] {
  return children.flatMap((child) => (child.type === "task" ? [child] : tasksIn(child)));
}

/** The DAG that a node belongs to. */
export function dagOf(node: PythonNode | PythonDag): PythonDag {
  return node.type === "dag" ? node : dagOf(node.parent);
}

/** The groups around a node, the outermost first. */
export function groupsAround(node: PythonNode): readonly PythonGroup[] {
  return node.parent.type === "dag" ? [] : [...groupsAround(node.parent), node.parent];
}

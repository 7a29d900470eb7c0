/** The DAGs, groups and tasks of a Python file, before they are written in TypeScript. */
import type { PythonFunction } from "../python/tree.ts";
import type { NamedValues, Value } from "./value.ts";

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

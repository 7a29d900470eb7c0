/** A DAG as it is written in TypeScript. */
import type { Edge, Note, PythonGroup, PythonTask } from "./evaluate/python_dag.ts";
import type { Declaration } from "./operators/declaration.ts";
import type { Options } from "./options/task_options.ts";

/** A task with what it is declared by. */
export interface TaskModel {
  readonly type: "task";
  readonly task: PythonTask;
  readonly declaration: Declaration;
  readonly options: Options;
  /** Why the task is not done; empty for a task that came over by itself. */
  readonly todo: readonly string[];
}

export interface GroupModel {
  readonly type: "group";
  readonly group: PythonGroup;
  readonly options: Options;
  readonly children: readonly NodeModel[];
}

export type NodeModel = TaskModel | GroupModel;

export interface DagModel {
  readonly id: string;
  readonly options: Options;
  readonly children: readonly NodeModel[];
  /** Those that no input says already. */
  readonly edges: readonly Edge[];
  readonly notes: readonly Note[];
}

/**
 * What a builder knows of a task, for the description of the DAG and for the runtime.
 * Authors never see it.
 */
import type { GroupDefinition } from "../dag/group_definition.ts";
import { hidden } from "../hidden.ts";
import type { TaskKind } from "../spec/index.ts";
import type { QuestionDefinition } from "./ask.ts";
import type { CallDefinition } from "./call.ts";
import type { AnyTaskBody } from "./context.ts";
import type { LoopDefinition } from "./loop.ts";
import type { SensorTiming } from "./sensor.ts";
import type { GivenTaskOptions, TaskDefaults } from "./task_options.ts";
import { TaskRef } from "./task_ref.ts";
import type { DagHandle } from "./wirable.ts";

/** What the author declared. */
export interface DeclaredTask {
  readonly options: GivenTaskOptions;
  /** Present for a loop. */
  readonly loop?: LoopDefinition;
  /** Present for a sensor: its body is a poke. */
  readonly sensor?: SensorTiming;
  /** Present for a call. */
  readonly call?: CallDefinition;
  /** Present for a question to people. */
  readonly ask?: QuestionDefinition;
  /** What the task is besides work. */
  readonly kind?: TaskKind;
  /** Absent for a task without work, and for a task that the engine decides. */
  readonly body?: AnyTaskBody;
}

/** What the author declared, and where. */
export interface TaskDefinition extends DeclaredTask {
  /** The innermost group around the task. */
  readonly group: GroupDefinition | null;
  /**
   * Options of the groups around the task and of the DAG, for what the task does not set
   * itself.
   */
  readonly inherited: TaskDefaults;
}

const definition = hidden<TaskRef<unknown>, TaskDefinition>("definition");

/** The definition of a task. */
export const definitionOf: (ref: TaskRef<unknown>) => TaskDefinition = definition.of;

/** Makes the reference of a task that was declared. Its definition is frozen. */
export function taskRef(dag: DagHandle, taskId: string, of: TaskDefinition): TaskRef<unknown> {
  const ref = new TaskRef<unknown>(dag, taskId);
  definition.set(ref, Object.freeze(of));
  return ref;
}

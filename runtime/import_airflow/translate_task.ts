/** One task: its declaration, its options, and what stays to be done. */
import { type Code, code, NotCarried, objectOf, referenceTo } from "./code.ts";
import { groupsAround, type PythonTask } from "./evaluate/python_dag.ts";
import { outputsIn } from "./evaluate/value.ts";
import type { TaskModel } from "./model.ts";
import type { Declaration } from "./operators/declaration.ts";
import { eachOf } from "./operators/mapping.ts";
import { OperatorCall } from "./operators/operator_call.ts";
import { pythonReason, todoDeclaration } from "./operators/python_todo.ts";
import { OPERATORS } from "./operators/registry.ts";
import type { Carry } from "./options/carry.ts";
import { COMMON_ARGUMENTS, type Options, taskOptions } from "./options/task_options.ts";

/** What the tasks of a DAG know of each other. */
export interface Neighbours {
  /** Ids of tasks whose outputs are lists that others are mapped over. */
  readonly lists: ReadonlySet<string>;
  /** Ids in the order in which the tasks are declared. */
  readonly order: readonly string[];
}

export function translateTask(task: PythonTask, carry: Carry, near: Neighbours): TaskModel {
  const mapping = mappingOf(task);
  const call = new OperatorCall(task, carry);
  const isList = near.lists.has(task.fullId);
  const found = declarationOf(call, mapping.problem, isList);
  const { options, missing } = taskOptions(task.args, mapping.each !== undefined);
  const unread = found.isTodo ? [] : call.unread(COMMON_ARGUMENTS);
  return {
    ...{ type: "task", task },
    declaration: found.declaration,
    options: allowed(task, found.declaration, {
      ...options,
      each: mapping.each,
      inputs: inputsOf(task, near),
      ...roleOptions(task),
    }),
    todo: [...found.reasons, ...[...missing, ...unread].map((name) => `${name} is left out`)],
  };
}

/** A mapped task stands in no mapped group. */
function mappingOf(task: PythonTask): { readonly each?: Code; readonly problem?: string } {
  if (task.mapped === null) return {};
  if (groupsAround(task).some(({ mapped }) => mapped !== null))
    return { problem: "a mapped task stands in a mapped group" };
  try {
    return { each: eachOf(task.mapped) };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NotCarried) return error.message;
  throw error;
}

interface Found {
  readonly declaration: Declaration;
  readonly reasons: readonly string[];
  readonly isTodo: boolean;
}

function declarationOf(call: OperatorCall, problem: string | undefined, isList: boolean): Found {
  const { task } = call;
  try {
    if (problem !== undefined) throw new NotCarried(problem);
    const declaration = OPERATORS[task.operator]?.(call);
    if (declaration) return { declaration, reasons: [], isTodo: false };
    throw new NotCarried(pythonReason(task) ?? `${task.operator} has no counterpart in dagsmith`);
  } catch (error) {
    const reason = reasonOf(error);
    const declaration = todoDeclaration(call, reason, isList);
    return { declaration, reasons: [reason], isTodo: true };
  }
}

/** Outputs that a function takes, by its parameters. */
function inputsOf(task: PythonTask, { order }: Neighbours): Code | undefined {
  const own = order.indexOf(task.fullId);
  const inputs = [...task.given].flatMap(([name, value]) => {
    const sources = outputsIn(value).filter((one) => order.indexOf(one.task.fullId) < own);
    return sources.map((one, index) => {
      const key = sources.length === 1 ? name : `${name}_${index + 1}`;
      return [key, code(referenceTo(one.task))] as const;
    });
  });
  return inputs.length === 0 ? undefined : objectOf(Object.fromEntries(inputs));
}

function roleOptions(task: PythonTask): Options {
  if (task.role !== "teardown") return {};
  const setups = task.setups.map(referenceTo);
  return {
    setups: setups.length === 0 ? undefined : code(`[${setups.join(", ")}]`),
    onFailureFailDagRun: task.failsRun ? code("true") : undefined,
  };
}

/** Options that this kind of task does not take. */
function allowed(task: PythonTask, { builder }: Declaration, options: Options): Options {
  const { triggerRule, inputs, each, ...others } = options;
  if (builder === "latestOnly") {
    const { outlets, inlets, ...plain } = others;
    return { ...plain, triggerRule };
  }
  if (builder === "empty") return { ...others, triggerRule };
  const isTeardown = task.role === "teardown";
  return { ...others, inputs, each, triggerRule: isTeardown ? undefined : triggerRule };
}

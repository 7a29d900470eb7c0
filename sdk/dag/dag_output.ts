/** What a call of a DAG returns: outputs of its tasks, by name. */
import { wrongKind } from "../option_values.ts";
import type { DagSpec } from "../spec/index.ts";
import { PickRef } from "../task/pick.ts";
import { TaskRef } from "../task/task_ref.ts";
import { dagOf } from "../task/wirable.ts";

/**
 * Outputs of tasks, or fields of outputs, by the names under which a caller gets them.
 * @example d.output({ rows, file: pick(stats, "file") } satisfies OutputRefs);
 */
export type OutputRefs = Readonly<Record<string, TaskRef<unknown> | PickRef<unknown>>>;

/**
 * The result of a call whose DAG returns these outputs.
 * @example type Result = OutputValues<{ rows: TaskRef<number> }>; // { rows: number }
 */
export type OutputValues<Outputs extends OutputRefs> = {
  readonly [Name in keyof Outputs]: Outputs[Name] extends
    | TaskRef<infer Value>
    | PickRef<infer Value>
    ? Value
    : never;
};

/** The task whose output, or whose field of an output, a caller gets. */
function sourceOfOutput(output: OutputRefs[string]): TaskRef<unknown> {
  return output instanceof PickRef ? output.source : output;
}

/** @throws DagsmithError INVALID_OPTION for a value that is no reference of this DAG */
export function checkedOutputs(owner: object, outputs: OutputRefs, where: string): OutputRefs {
  for (const [name, output] of Object.entries(outputs)) {
    const isRef = output instanceof TaskRef || output instanceof PickRef;
    if (!isRef || dagOf(sourceOfOutput(output)) !== owner)
      throw wrongKind(where, `output "${name}"`, output, "a task of this DAG, or pick() of one");
  }
  return Object.freeze({ ...outputs });
}

/** The plain form; absent for a DAG that returns nothing. */
export function describeOutput(outputs: OutputRefs | null): Pick<DagSpec, "output"> {
  if (outputs === null) return {};
  const named = Object.entries(outputs).map(([name, output]) => [
    name,
    {
      taskId: sourceOfOutput(output).taskId,
      ...(output instanceof PickRef && { field: output.field }),
    },
  ]);
  return { output: Object.fromEntries(named) };
}

/** Reads the values that a task gets from tasks before it. */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { shareMapIndex } from "../../engine/plan/plan.ts";
import { mappedGroups } from "../../engine/plan/plan_of.ts";
import { listOutputs, type OutputValue } from "../../store/reads/tries.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export interface ShownInput {
  readonly name: string;
  /** The task whose output it is. */
  readonly taskId: string;
  /** The field of the output that the task gets; null: all of it. */
  readonly field: string | null;
  /** Null: there is no output yet, or it is the list of the outputs of a mapped task. */
  readonly value: OutputValue | null;
}

interface InputQuery {
  readonly id: number;
  readonly mapIndex: number;
}

export async function readInputs(
  { reader, mask }: WebServices,
  { id, mapIndex }: InputQuery,
  task: TaskSpec,
  spec: DagSpec,
): Promise<readonly ShownInput[]> {
  const inputs = Object.entries(task.inputs);
  const taskIds = inputs.map(([, taskId]) => taskId);
  const outputs = await listOutputs(reader, id, taskIds, mapIndex);
  const groups = mappedGroups(spec);
  return inputs.map(([name, taskId]) => {
    const at = shareMapIndex(groups, task.taskId, taskId) ? mapIndex : -1;
    const found = outputs.find((one) => one.taskId === taskId && one.mapIndex === at);
    const value = found ? maskRow(mask, found, ["taskId"]) : null;
    return { name, taskId, field: task.picks?.[name] ?? null, value };
  });
}

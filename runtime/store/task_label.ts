/** Small facts of single instances that the engine asks for now and then: how a task ended as a whole, and what people call an instance. */
import type { TaskState } from "../state/task_state.ts";
import { columns, storableText } from "./columns.ts";
import type { Queryable, Statement } from "./database.ts";

const STATE: Statement = {
  name: "task_instance_state",
  text: "select state from dagsmith.task_instance where run_id = $1 and task_id = $2 and map_index = -1",
};

const LABEL: Statement = {
  name: "task_instance_label",
  text: `
update dagsmith.task_instance t set label = v.label
from unnest($1::bigint[], $2::text[]) as v (id, label) where t.id = v.id`,
};

/** The state of a task's one instance; undefined when it has none, or is mapped. */
export async function stateOf(db: Queryable, runId: number, taskId: string): Promise<TaskState | undefined> {
  return (await db.query<{ state: TaskState }>(STATE, [runId, taskId]))[0]?.state;
}

export async function storeLabels(
  db: Queryable,
  labels: readonly { readonly instanceId: number; readonly label: string }[],
): Promise<void> {
  await db.query(
    LABEL,
    columns(labels, ({ instanceId, label }) => [instanceId, storableText(label)]),
  );
}

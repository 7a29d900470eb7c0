/** Labels of instances of mapped tasks, as their tasks give them. */
import type { InstanceKey } from "../../engine/counts/scope.ts";
import { scopeKey } from "../../engine/counts/scope.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

type InstanceLabel = InstanceKey & { readonly label: string };

const LABELS = rowsOf<InstanceLabel>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex }) => mapIndex],
  label: ["text", ({ label }) => label],
});

// Every task of a group instance gives the same label; only a new one is written.
const LABEL: Statement = {
  name: "task_instance_label",
  text: `
update dagsmith.task_instance t set label = v.label
from ${LABELS.as("v")}
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index
  and t.label is distinct from v.label`,
};

export async function storeLabels(db: Queryable, labels: readonly InstanceLabel[]): Promise<void> {
  const latest = new Map(labels.map((label) => [scopeKey(label), label]));
  await db.query(LABEL, LABELS.values([...latest.values()]));
}

/** What people call single instances, as their tasks say it. */

import type { InstanceKey } from "../../engine/counts/scope.ts";
import { scopeKey } from "../../engine/counts/scope.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns, storableText } from "../database/unnest.ts";

// Each task of a group says again what its element is called.
const LABEL: Statement = {
  name: "task_instance_label",
  text: `
update dagsmith.task_instance t set label = v.label
from unnest($1::bigint[], $2::text[], $3::int[], $4::text[]) as v (run_id, task_id, map_index, label)
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index and t.label is distinct from v.label`,
};

export async function storeLabels(
  db: Queryable,
  labels: readonly (InstanceKey & { readonly label: string })[],
): Promise<void> {
  const latest = new Map(labels.map((label) => [scopeKey(label), label]));
  await db.query(
    LABEL,
    columns([...latest.values()], ({ runId, taskId, mapIndex, label }) => [
      runId,
      taskId,
      mapIndex,
      storableText(label),
    ]),
  );
}

/** What people call single instances, as their tasks say it. */
import { columns, storableText } from "./columns.ts";
import type { Queryable, Statement } from "./database.ts";

const LABEL: Statement = {
  name: "task_instance_label",
  text: `
update dagsmith.task_instance t set label = v.label
from unnest($1::bigint[], $2::text[]) as v (id, label) where t.id = v.id`,
};

export async function storeLabels(
  db: Queryable,
  labels: readonly { readonly instanceId: number; readonly label: string }[],
): Promise<void> {
  await db.query(
    LABEL,
    columns(labels, ({ instanceId, label }) => [instanceId, storableText(label)]),
  );
}

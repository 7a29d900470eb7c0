/**
 * The outbox in a user's database: reads the waiting changes and deletes those that were
 * taken.
 */
import type { RowChange, RowKey } from "../../../sdk/sources/postgres_changes.ts";
import type { EventClient } from "./event_database.ts";
import { CHANNEL } from "./outbox_install.ts";

// Rows that another listener has locked are left to it.
const WAITING = `
select id, operation, schema_name, table_name, old_key, new_key, at from dagsmith_events.change
where subscription_id = $1 order by seq limit $2 for update skip locked`;

const DELETE = "delete from dagsmith_events.change where id = any($1)";

/** Calls `onNotification` with the subscription id after each committed change. */
export async function listenForNotifications(
  client: EventClient,
  onNotification: (subscriptionId: string) => void,
): Promise<void> {
  client.on("notification", ({ payload }) => onNotification(payload ?? ""));
  await client.query(`listen ${CHANNEL}`);
}

/**
 * Takes up to `limit` changes of a subscription: passes them to `take` and deletes those
 * whose ids it returns. After a failure in between the changes stay, and are passed
 * again.
 * @returns the ids of the deleted changes
 */
export async function takeChanges(
  client: EventClient,
  subscriptionId: string,
  limit: number,
  take: (changes: readonly RowChange[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  await client.query("begin");
  try {
    const { rows } = await client.query<ChangeRow>(WAITING, [subscriptionId, limit]);
    const taken = rows.length > 0 ? await take(rows.map(changeOf)) : [];
    if (taken.length > 0) await client.query(DELETE, [taken]);
    await client.query("commit");
    return taken;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

interface ChangeRow {
  readonly id: string;
  readonly operation: RowChange["operation"];
  readonly schema_name: string;
  readonly table_name: string;
  readonly old_key: RowKey | null;
  readonly new_key: RowKey | null;
  readonly at: Date;
}

function changeOf({
  id,
  operation,
  schema_name: schema,
  table_name: table,
  old_key: oldKey,
  new_key: newKey,
  at,
}: ChangeRow): RowChange {
  return { id, operation, schema, table, oldKey, newKey, at: at.toISOString() };
}

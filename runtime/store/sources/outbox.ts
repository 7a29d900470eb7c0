/** The outbox in somebody's database: reading what waits there, and removing what was taken. */
import type { RowChange, RowKey } from "../../../sdk/sources/event.ts";
import type { EventClient } from "./event_database.ts";
import { CHANNEL } from "./outbox_install.ts";

// Rows that another listener holds are its business.
const WAITING = `
select id, operation, schema_name, table_name, old_key, new_key, at from dagsmith_events.change
where subscription_id = $1 order by seq limit $2 for update skip locked`;

const DELETE = "delete from dagsmith_events.change where id = any($1)";

/** Calls `onNotification` with the id of a subscription whenever a change of it was committed. */
export async function listenForNotifications(
  client: EventClient,
  onNotification: (subscriptionId: string) => void,
): Promise<void> {
  client.on("notification", ({ payload }) => onNotification(payload ?? ""));
  await client.query(`listen ${CHANNEL}`);
}

/**
 * Takes up to `limit` changes of a subscription: gives them to `take`, and removes those that it returns once it has returned. When anything fails
 * between the two they stay, and are given again.
 * @returns the ids of what was removed
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

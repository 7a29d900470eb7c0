/**
 * Subscriptions of DAGs to the row changes of a table, and the runs that changes start. A
 * change starts one run, however often it is delivered.
 */
import type { RowChange } from "../../../sdk/sources/postgres_changes.ts";
import type { Plans } from "../dags/plans.ts";
import { countRefusedEvents } from "../dags/schedule_decision.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { createRuns, type NewRun } from "../runs/dag_run.ts";
import { batchesOf, lockOpenDag, roomFor } from "./event_batches.ts";
import { eventRun } from "./event_run.ts";
import type { ChangesSpec } from "./outbox_install.ts";

export interface ChangeSubscription {
  readonly dagId: string;
  /** The source's name in the DAG's `on`. */
  readonly name: string;
  readonly subscriptionId: string;
  readonly connection: string;
  readonly schema: string;
  readonly table: string;
  readonly installedAt: Date | null;
  /** Why changes cannot be read now. */
  readonly error: string | null;
}

const COLUMNS = `w.dag_id as "dagId", w.name, w.subscription_id as "subscriptionId", w.connection,
  w.schema_name as schema, w.table_name as "table", w.installed_at as "installedAt", w.error`;

const RESERVE: Statement = {
  name: "change_subscription_reserve",
  text: `
insert into dagsmith.change_subscription as w
  (dag_id, name, connection, schema_name, table_name) values ($1, $2, $3, $4, $5)
on conflict (dag_id, name) do update set connection = excluded.connection,
  schema_name = excluded.schema_name, table_name = excluded.table_name
returning subscription_id as "subscriptionId"`,
};

const CONFIRM: Statement = {
  name: "change_subscription_confirm",
  text: `
update dagsmith.change_subscription
set installed_at = coalesce(installed_at, now()), error = null where subscription_id = $1`,
};

const ALL: Statement = {
  name: "change_subscription_all",
  text: `select ${COLUMNS} from dagsmith.change_subscription w order by w.dag_id, w.name`,
};

const OF_DAG: Statement = {
  name: "change_subscription_of_dag",
  text: `select ${COLUMNS} from dagsmith.change_subscription w where w.dag_id = $1 order by w.name`,
};

const REMOVE: Statement = {
  name: "change_subscription_remove",
  text: "delete from dagsmith.change_subscription where subscription_id = $1",
};

// Changes for a paused or removed DAG stay in the outbox.
const ACTIVE: Statement = {
  name: "change_subscription_active",
  text: `
select ${COLUMNS}, d.version_id as "versionId"
from dagsmith.change_subscription w join dagsmith.dag d using (dag_id)
where w.installed_at is not null and not d.is_paused and d.removed_at is null
  and d.version_id is not null
order by w.dag_id, w.name`,
};

const RECEIVE: Statement = {
  name: "change_delivery_put",
  text: `
insert into dagsmith.change_delivery (subscription_id, change_id)
select $1, id from unnest($2::uuid[]) id
where exists (select from dagsmith.change_subscription where subscription_id = $1)
on conflict do nothing returning change_id as id`,
};

const DELETE_DELIVERIES: Statement = {
  name: "change_delivery_delete",
  text: `
delete from dagsmith.change_delivery where subscription_id = $1 and change_id = any($2::uuid[])`,
};

const SET_ERROR: Statement = {
  name: "change_subscription_set_error",
  text: `
update dagsmith.change_subscription set error = $2
where subscription_id = any($1::uuid[]) and error is distinct from $2`,
};

/**
 * The id of a source's subscription, which its trigger writes with each change. It never
 * changes.
 */
export async function reserveSubscription(
  db: Queryable,
  dagId: string,
  { name, connection, schema, table }: ChangesSpec,
): Promise<string> {
  const [row] = await db.query<{ subscriptionId: string }>(RESERVE, [
    dagId,
    name,
    connection,
    schema,
    table,
  ]);
  return row?.subscriptionId ?? "";
}

/** Records that the trigger is installed. */
export async function confirmSubscription(db: Queryable, subscriptionId: string): Promise<void> {
  await db.query(CONFIRM, [subscriptionId]);
}

/** The subscriptions of a DAG; null: of all DAGs. */
export function listSubscriptions(
  db: Queryable,
  dagId: string | null,
): Promise<readonly ChangeSubscription[]> {
  return dagId === null
    ? db.query<ChangeSubscription & Record<string, unknown>>(ALL)
    : db.query<ChangeSubscription & Record<string, unknown>>(OF_DAG, [dagId]);
}

export async function removeSubscription(db: Queryable, subscriptionId: string): Promise<void> {
  await db.query(REMOVE, [subscriptionId]);
}

/** Records why subscriptions cannot be read; null: they can. */
export async function setSubscriptionError(
  db: Queryable,
  subscriptionIds: readonly string[],
  error: string | null,
): Promise<void> {
  if (subscriptionIds.length > 0) await db.query(SET_ERROR, [subscriptionIds, error]);
}

/** A subscription to be read, with its source in the DAG's current version. */
export interface ActiveSubscription extends ChangeSubscription {
  readonly spec: ChangesSpec;
}

/** Installed subscriptions of active DAGs whose current versions still declare them. */
export async function activeSubscriptions(
  db: Queryable,
  plans: Plans,
): Promise<readonly ActiveSubscription[]> {
  const rows = await db.query<ChangeSubscription & { versionId: number } & Record<string, unknown>>(
    ACTIVE,
  );
  const versions = await plans.get(
    db,
    rows.map(({ versionId }) => versionId),
  );
  return rows.flatMap(({ versionId, ...subscription }) => {
    const spec = versions.get(versionId)?.spec.on.find(({ name }) => name === subscription.name);
    const isSame =
      spec?.type === "postgresChanges" &&
      spec.connection === subscription.connection &&
      spec.table === subscription.table &&
      spec.schema === subscription.schema;
    return isSame ? [{ ...subscription, spec }] : [];
  });
}

/**
 * Creates runs of changes, at most `batch` changes in a run, and none of a change that
 * has a run.
 * @param fits the changes that fit the `when` of the source; the others are counted
 * @returns the ids of the handled changes; the others wait for capacity
 */
export function createChangeRuns(
  db: Database,
  { dagId, subscriptionId, spec }: ActiveSubscription,
  changes: readonly RowChange[],
  fits: ReadonlySet<RowChange>,
): Promise<readonly string[]> {
  return db.transaction(async (tx) => {
    const dag = await lockOpenDag(tx, dagId);
    if (!dag) return [];
    const wanted = changes.slice(0, (await roomFor(tx, dagId)) * spec.batch);
    const fresh = await received(tx, subscriptionId, wanted);
    const taken = fresh.filter((change) => fits.has(change));
    await countRefusedEvents(tx, dagId, spec, fresh.length - taken.length);
    const runOf = (events: readonly RowChange[]): NewRun =>
      eventRun({ dagId, ...dag }, { type: "postgresChanges", name: spec.name, events });
    await createRuns(tx, batchesOf(taken, spec.batch).map(runOf));
    return wanted.map(({ id }) => id);
  });
}

/** The changes that were not delivered before. */
async function received(
  tx: Queryable,
  subscriptionId: string,
  changes: readonly RowChange[],
): Promise<readonly RowChange[]> {
  const ids = changes.map(({ id }) => id);
  const rows = await tx.query<{ id: string }>(RECEIVE, [subscriptionId, ids]);
  const fresh = new Set(rows.map(({ id }) => id));
  return changes.filter(({ id }) => fresh.has(id));
}

/**
 * Deletes the records of changes that left their outbox and cannot be delivered again.
 */
export async function deleteOldDeliveries(
  db: Queryable,
  subscriptionId: string,
  changeIds: readonly string[],
): Promise<void> {
  if (changeIds.length > 0) await db.query(DELETE_DELIVERIES, [subscriptionId, changeIds]);
}

/**
 * Installs triggers in the databases whose changes start runs, and removes them. Only on
 * request, never by a deployment, because those databases are not ours.
 */
import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { audit } from "../store/access/audit.ts";
import { getDag } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import {
  type ChangeSubscription,
  confirmSubscription,
  listSubscriptions,
  removeSubscription,
  reserveSubscription,
} from "../store/sources/change_subscription.ts";
import {
  connectEventDatabase,
  type EventClient,
  eventDatabaseFailed,
} from "../store/sources/event_database.ts";
import {
  type ChangesSpec,
  installTrigger,
  removeTrigger,
} from "../store/sources/outbox_install.ts";
import { unknownDag } from "./unknown.ts";

export interface EventsRequest {
  readonly dagId: string;
  readonly actor: string;
  /** Finds connections. @throws DagsmithError CONNECTION_NOT_FOUND */
  readonly connection: (id: string) => Promise<Connection>;
}

/** One source of a DAG, and what was changed for it. */
export interface EventSourceDone {
  readonly name: string;
  readonly connection: string;
  readonly table: string;
  /** The columns that identify its rows; null when its trigger was removed. */
  readonly key: readonly string[] | null;
  /** False when nothing had to change. */
  readonly isNew: boolean;
}

/**
 * Installs a trigger on every table that the DAG's current version subscribes to, with
 * the outbox for its changes. Removes triggers of tables that it no longer subscribes to.
 * Calling it again changes nothing.
 * @throws DagsmithError UNKNOWN_DAG, NO_EVENT_TABLES, CONNECTION_NOT_FOUND,
 *   EVENT_DATABASE_FAILED, EVENT_TABLE_MISSING, EVENT_TABLE_WITHOUT_KEY
 */
export async function installEvents(
  db: Database,
  request: EventsRequest,
): Promise<readonly EventSourceDone[]> {
  const { dagId, actor } = request;
  const specs = await sourcesOf(db, dagId);
  const before = await listSubscriptions(db, dagId);
  if (specs.length === 0 && before.length === 0)
    throw new DagsmithError("NO_EVENT_TABLES", { dag: dagId });
  const gone = before.filter(
    (subscription) =>
      !specs.some((spec) => spec.name === subscription.name && isSameTable(spec, subscription)),
  );
  const removed = await removeAll(db, gone, request);
  const installed: EventSourceDone[] = [];
  for (const spec of specs) {
    const subscriptionId = await reserveSubscription(db, dagId, spec);
    const { key, isNew } = await inDatabase(request, spec.connection, (client) =>
      installTrigger(client, subscriptionId, spec),
    );
    await confirmSubscription(db, subscriptionId);
    installed.push({
      name: spec.name,
      connection: spec.connection,
      table: `${spec.schema}.${spec.table}`,
      key,
      isNew,
    });
    if (isNew)
      await audit(db, {
        actor,
        action: "install events",
        dagId,
        detail: { source: spec.name, connection: spec.connection },
      });
  }
  return [...removed, ...installed];
}

/**
 * Removes every trigger of a DAG and its waiting changes. With the last DAG of a
 * database, the outbox is removed too.
 * @throws DagsmithError CONNECTION_NOT_FOUND, EVENT_DATABASE_FAILED
 */
export async function uninstallEvents(
  db: Database,
  request: EventsRequest,
): Promise<readonly EventSourceDone[]> {
  const subscriptions = await listSubscriptions(db, request.dagId);
  if (subscriptions.length === 0)
    throw new DagsmithError("NO_EVENT_TABLES", { dag: request.dagId });
  return removeAll(db, subscriptions, request);
}

async function removeAll(
  db: Database,
  subscriptions: readonly ChangeSubscription[],
  request: EventsRequest,
): Promise<readonly EventSourceDone[]> {
  for (const { subscriptionId, name, connection } of subscriptions) {
    await inDatabase(request, connection, (client) => removeTrigger(client, subscriptionId));
    await removeSubscription(db, subscriptionId);
    await audit(db, {
      actor: request.actor,
      action: "uninstall events",
      dagId: request.dagId,
      detail: { source: name, connection },
    });
  }
  return subscriptions.map(({ name, connection, schema, table }) => ({
    name,
    connection,
    table: `${schema}.${table}`,
    key: null,
    isNew: true,
  }));
}

async function sourcesOf(db: Database, dagId: string): Promise<readonly ChangesSpec[]> {
  const dag = await getDag(db, dagId);
  if (!dag) throw unknownDag(dagId);
  const spec = (await new Plans().get(db, [dag.versionId])).get(dag.versionId)?.spec;
  return spec?.on.filter((event) => event.type === "postgresChanges") ?? [];
}

function isSameTable(
  spec: ChangesSpec,
  { connection, schema, table }: ChangeSubscription,
): boolean {
  return spec.connection === connection && spec.schema === schema && spec.table === table;
}

async function inDatabase<Result>(
  { connection }: EventsRequest,
  id: string,
  work: (client: EventClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectEventDatabase(await connection(id));
  try {
    return await work(client);
  } catch (error) {
    throw eventDatabaseFailed(id, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

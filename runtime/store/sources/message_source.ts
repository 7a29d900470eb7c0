/**
 * Sources of messages, and the runs that messages start. A message starts one run,
 * however often its queue delivers it.
 */
import type { QueueMessage } from "../../../sdk/sources/messages.ts";
import type { DagSpec, EventSpec } from "../../../sdk/spec/index.ts";
import type { Plans } from "../dags/plans.ts";
import { countRefusedEvents } from "../dags/schedule_decision.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { createRuns } from "../runs/dag_run.ts";
import { batchesOf, lockOpenDag } from "./event_batches.ts";
import { eventRun } from "./event_run.ts";

type MessagesSpec = Extract<EventSpec, { type: "messages" }>;

interface SourceName {
  readonly dagId: string;
  readonly name: string;
}

const SOURCES = rowsOf<SourceName>({
  dag_id: ["text", ({ dagId }) => dagId],
  name: ["text", ({ name }) => name],
});

const PUT: Statement = {
  name: "message_source_put",
  text: `
insert into dagsmith.message_source (${SOURCES.names}) select * from ${SOURCES.unnest}
on conflict do nothing`,
};

// Messages for a paused or removed DAG stay in their queue.
const ACTIVE: Statement = {
  name: "message_source_active",
  text: `
select w.dag_id as "dagId", w.name, w.error, d.version_id as "versionId"
from dagsmith.message_source w join dagsmith.dag d using (dag_id)
where not d.is_paused and d.removed_at is null and d.version_id is not null
order by w.dag_id, w.name`,
};

const KNOWN: Statement = {
  name: "message_delivery_known",
  text: `
select message_id as id from dagsmith.message_delivery
where dag_id = $1 and name = $2 and message_id = any($3)`,
};

interface Delivery extends SourceName {
  readonly messageId: string;
  readonly runId: number;
}

const DELIVERIES = rowsOf<Delivery>({
  dag_id: ["text", ({ dagId }) => dagId],
  name: ["text", ({ name }) => name],
  message_id: ["text", ({ messageId }) => messageId],
  run_id: ["bigint", ({ runId }) => runId],
});

const DELIVER: Statement = {
  name: "message_delivery_put",
  text: `
insert into dagsmith.message_delivery (${DELIVERIES.names}) select * from ${DELIVERIES.unnest}`,
};

const RECEIVED: Statement = {
  name: "message_source_received",
  text: `
update dagsmith.message_source set received_at = clock_timestamp(), unreadable = unreadable + $3,
  last_unreadable = coalesce($4, last_unreadable)
where dag_id = $1 and name = $2`,
};

const SET_ERROR: Statement = {
  name: "message_source_set_error",
  text: `
update dagsmith.message_source set error = $3
where dag_id = $1 and name = $2 and error is distinct from $3`,
};

/** Records the sources of new versions. */
export async function registerMessageSources(
  tx: Queryable,
  versions: readonly { readonly dagId: string; readonly spec: DagSpec }[],
): Promise<void> {
  const sources = versions.flatMap(({ dagId, spec }) =>
    spec.on.filter(({ type }) => type === "messages").map(({ name }) => ({ dagId, name })),
  );
  if (sources.length > 0) await tx.query(PUT, SOURCES.values(sources));
}

/** A source to be read, as the DAG's current version declares it. */
export interface ActiveSource {
  readonly dagId: string;
  readonly spec: MessagesSpec;
  /** Why its queue could not be read. */
  readonly error: string | null;
}

/** The sources of active DAGs. */
export async function activeMessageSources(
  db: Queryable,
  plans: Plans,
): Promise<readonly ActiveSource[]> {
  type Row = SourceName & { error: string | null; versionId: number };
  const rows = await db.query<Row & Record<string, unknown>>(ACTIVE);
  const versions = await plans.get(
    db,
    rows.map(({ versionId }) => versionId),
  );
  return rows.flatMap(({ dagId, name, error, versionId }) => {
    const spec = versions.get(versionId)?.spec.on.find((one) => one.name === name);
    return spec?.type === "messages" ? [{ dagId, spec, error }] : [];
  });
}

/** Records why the queue of a source cannot be read; null: it can. */
export async function setMessageSourceError(
  db: Queryable,
  { dagId, name }: SourceName,
  error: string | null,
): Promise<void> {
  await db.query(SET_ERROR, [dagId, name, error]);
}

/** Records that messages came, and which of them could not be read. */
export async function noteReceived(
  db: Queryable,
  { dagId, name }: SourceName,
  unreadable: readonly { readonly id: string; readonly reason: string }[],
): Promise<void> {
  const last = unreadable.at(-1);
  const words = last === undefined ? null : `${last.id}: ${last.reason}`;
  await db.query(RECEIVED, [dagId, name, unreadable.length, words]);
}

/**
 * Creates runs of messages, at most `batch` messages in a run, and none of a message that
 * has a run.
 * @param fits the messages that fit the `when` of the source; the others are counted
 * @returns the number of runs; null when the DAG takes no runs now
 */
export function createMessageRuns(
  db: Database,
  { dagId, spec }: ActiveSource,
  messages: readonly QueueMessage[],
  fits: ReadonlySet<QueueMessage>,
): Promise<number | null> {
  return db.transaction(async (tx) => {
    const dag = await lockOpenDag(tx, dagId);
    if (!dag) return null;
    const fresh = await freshOf(tx, { dagId, name: spec.name }, messages);
    const taken = fresh.filter((message) => fits.has(message));
    await countRefusedEvents(tx, dagId, spec, fresh.length - taken.length);
    const batches = batchesOf(taken, spec.batch);
    const trigger = { type: "messages", name: spec.name } as const;
    const runs = batches.map((events) => eventRun({ dagId, ...dag }, { ...trigger, events }));
    const ids = new Map((await createRuns(tx, runs)).map(({ id, runId }) => [runId, id]));
    const deliveries = batches.flatMap((batch, index) =>
      batch.map(({ id: messageId }) => {
        const runId = ids.get(runs[index]?.runId ?? "") ?? 0;
        return { dagId, name: spec.name, messageId, runId };
      }),
    );
    if (deliveries.length > 0) await tx.query(DELIVER, DELIVERIES.values(deliveries));
    return runs.length;
  });
}

/** The messages that have no run. The lock of the DAG keeps others from making one. */
async function freshOf(
  tx: Queryable,
  { dagId, name }: SourceName,
  messages: readonly QueueMessage[],
): Promise<readonly QueueMessage[]> {
  const ids = messages.map(({ id }) => id);
  const known = new Set(
    (await tx.query<{ id: string }>(KNOWN, [dagId, name, ids])).map(({ id }) => id),
  );
  return messages.filter(({ id }) => !known.has(id));
}

/**
 * Webhook calls with an idempotency key: a repeated call finds the run of the first one.
 */
import type { Queryable, Statement } from "../database/database.ts";

const FIND: Statement = {
  name: "webhook_delivery_find",
  text: `
select w.body_hash as "bodyHash", r.id, r.run_id as "runId"
from dagsmith.webhook_delivery w join dagsmith.dag_run r on r.id = w.run_id
where w.dag_id = $1 and w.name = $2 and w.key = $3`,
};

const PUT: Statement = {
  name: "webhook_delivery_put",
  text: `
insert into dagsmith.webhook_delivery (dag_id, name, key, body_hash, run_id)
values ($1, $2, $3, $4, $5)`,
};

// One call with a key at a time, or two would both find nothing. The transaction releases
// the lock.
const LOCK: Statement = {
  name: "webhook_delivery_lock",
  text: `
select pg_advisory_xact_lock(
  hashtextextended(concat_ws('/', 'dagsmith webhook', $1::text, $2::text, $3::text), 0))`,
};

export interface WebhookKey {
  readonly dagId: string;
  readonly name: string;
  readonly key: string;
}

export interface WebhookDelivery {
  readonly bodyHash: string;
  readonly id: number;
  readonly runId: string;
}

/**
 * The earlier call with this key. Other calls with it wait until the transaction ends.
 */
export async function claimWebhookKey(
  tx: Queryable,
  { dagId, name, key }: WebhookKey,
): Promise<WebhookDelivery | undefined> {
  await tx.query(LOCK, [dagId, name, key]);
  const [row] = await tx.query<WebhookDelivery & Record<string, unknown>>(FIND, [dagId, name, key]);
  return row;
}

export async function putWebhookDelivery(
  tx: Queryable,
  { dagId, name, key }: WebhookKey,
  bodyHash: string,
  runId: number,
): Promise<void> {
  await tx.query(PUT, [dagId, name, key, bodyHash, runId]);
}

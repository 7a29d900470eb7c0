/**
 * Turns a call of a webhook into a run, or into the decision to make none. The caller is
 * already authenticated.
 */
import { createHash } from "node:crypto";
import { DagsmithError } from "../../sdk/errors.ts";
import type { WebhookCall } from "../../sdk/sources/webhook.ts";
import { audit } from "../store/access/audit.ts";
import { type DagRow, getDag } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import { countRefusedEvents } from "../store/dags/schedule_decision.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { createRuns } from "../store/runs/dag_run.ts";
import { eventRun } from "../store/sources/event_run.ts";
import {
  claimWebhookKey,
  putWebhookDelivery,
  type WebhookDelivery,
} from "../store/sources/webhook.ts";
import { startQueuedRuns } from "../transactions/start_runs.ts";
import { unknownDag } from "./unknown.ts";
import { type ReceivedCall, webhookCall } from "./webhook_call.ts";

export interface WebhookRequest extends ReceivedCall {
  readonly dagId: string;
  /** Its name in the DAG's `on`. */
  readonly name: string;
  /** The caller's idempotency key; null when it sent none. */
  readonly key: string | null;
  readonly actor: string;
}

export interface WebhookRun {
  readonly id: number;
  readonly runId: string;
  /** False when an earlier call with this key made it. */
  readonly isNew: boolean;
}

/** The call made no run, because it does not fit the webhook's `when`. */
export interface SkippedCall {
  readonly decision: "skipped";
  readonly reason: "when";
}

/**
 * Creates the run of one call, and starts it if there is capacity. The run of a paused
 * DAG waits.
 * @throws DagsmithError UNKNOWN_DAG; INVALID_WEBHOOK_BODY for a body that is not JSON or
 *   does not fit the schema; WEBHOOK_KEY_REUSED when the key came with another body
 *   before
 */
export async function receiveWebhook(
  db: Database,
  request: WebhookRequest,
): Promise<WebhookRun | SkippedCall> {
  const { dagId, name } = request;
  const dag = await getDag(db, dagId);
  if (!dag) throw unknownDag(dagId);
  const plans = new Plans();
  const hook = (await plans.get(db, [dag.versionId]))
    .get(dag.versionId)
    ?.spec.on.find((one) => one.type === "webhook" && one.name === name);
  if (hook?.type !== "webhook") throw unknownDag(dagId);
  const call = await webhookCall(hook, request, `${dagId}/${name}`);
  const run = await decideOnce(db, request, dag, call && { ...call, id: request.key });
  if ("runId" in run && run.isNew) await startQueuedRuns(db, plans, [dagId]);
  return run;
}

/** @param call null when `when` refuses it */
function decideOnce(
  db: Database,
  request: WebhookRequest,
  dag: DagRow,
  call: Omit<WebhookCall, "at"> | null,
): Promise<WebhookRun | SkippedCall> {
  const { dagId, name, text, key } = request;
  const bodyHash = createHash("sha256").update(text).digest("hex");
  return db.transaction(async (tx) => {
    const earlier = key === null ? undefined : await claimWebhookKey(tx, { dagId, name, key });
    if (earlier) return sameRun(earlier, bodyHash, request);
    if (call !== null) return createRun(tx, request, dag, call, bodyHash);
    await countRefusedEvents(tx, dagId, { type: "webhook", name }, 1);
    return { decision: "skipped", reason: "when" };
  });
}

async function createRun(
  tx: Queryable,
  { dagId, name, key, actor }: WebhookRequest,
  { versionId, now }: DagRow,
  call: Omit<WebhookCall, "at">,
  bodyHash: string,
): Promise<WebhookRun> {
  const events = [{ ...call, at: now.toISOString() }];
  const [made] = await createRuns(tx, [
    eventRun({ dagId, versionId, now }, { type: "webhook", name, events }),
  ]);
  if (!made) throw new Error(`the run of webhook "${name}" could not be created`);
  if (key !== null) await putWebhookDelivery(tx, { dagId, name, key }, bodyHash, made.id);
  await audit(tx, { actor, action: "webhook", dagId, runId: made.runId, detail: { name, key } });
  return { id: made.id, runId: made.runId, isNew: true };
}

function sameRun(
  { bodyHash, id, runId }: WebhookDelivery,
  now: string,
  { dagId, name }: WebhookRequest,
): WebhookRun {
  if (bodyHash === now) return { id, runId, isNew: false };
  throw new DagsmithError("WEBHOOK_KEY_REUSED", { hook: `${dagId}/${name}`, run: runId });
}

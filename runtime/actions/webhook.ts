/**
 * Turns a call of a webhook into a run. The caller is already authenticated; the body is
 * checked here.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { EventSpec } from "../../sdk/spec/index.ts";
import { audit } from "../store/access/audit.ts";
import { type DagRow, getDag } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { createRuns } from "../store/runs/dag_run.ts";
import { eventRun } from "../store/sources/event_run.ts";
import {
  claimWebhookKey,
  putWebhookDelivery,
  type WebhookDelivery,
} from "../store/sources/webhook.ts";
import { startQueuedRuns } from "../transactions/start_runs.ts";
import { unknownDag } from "./unknown.ts";

export interface WebhookRequest {
  readonly dagId: string;
  /** Its name in the DAG's `on`. */
  readonly name: string;
  /** The body as it was sent. */
  readonly text: string;
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

/** Node's JSON has no limit of depth, and a body may be nested a million times. */
const MAX_DEPTH = 100;

/**
 * Creates the run of one call, and starts it if there is capacity. The run of a paused
 * DAG waits.
 * @throws DagsmithError UNKNOWN_DAG; INVALID_WEBHOOK_BODY for a body that is not JSON or
 *   does not fit the schema; WEBHOOK_KEY_REUSED when the key came with another body
 *   before
 */
export async function receiveWebhook(db: Database, request: WebhookRequest): Promise<WebhookRun> {
  const { dagId, name } = request;
  const dag = await getDag(db, dagId);
  if (!dag) throw unknownDag(dagId);
  const plans = new Plans();
  const hook = (await plans.get(db, [dag.versionId]))
    .get(dag.versionId)
    ?.spec.on.find((one) => one.type === "webhook" && one.name === name);
  if (hook?.type !== "webhook") throw unknownDag(dagId);
  const body = checkedBody(hook, request);
  const run = await createOnce(db, request, dag, body);
  if (run.isNew) await startQueuedRuns(db, plans, [dagId]);
  return run;
}

function createOnce(
  db: Database,
  request: WebhookRequest,
  { versionId, now }: DagRow,
  body: Json,
): Promise<WebhookRun> {
  const { dagId, name, text, key, actor } = request;
  const bodyHash = createHash("sha256").update(text).digest("hex");
  return db.transaction(async (tx) => {
    const earlier = key === null ? undefined : await claimWebhookKey(tx, { dagId, name, key });
    if (earlier) return sameRun(earlier, bodyHash, request);
    const events = [{ id: key, body, at: now.toISOString() }];
    const [made] = await createRuns(tx, [
      eventRun({ dagId, versionId, now }, { type: "webhook", name, events }),
    ]);
    if (!made) throw new Error(`the run of webhook "${name}" could not be created`);
    if (key !== null) await putWebhookDelivery(tx, { dagId, name, key }, bodyHash, made.id);
    await audit(tx, { actor, action: "webhook", dagId, runId: made.runId, detail: { name, key } });
    return { id: made.id, runId: made.runId, isNew: true };
  });
}

function sameRun(
  { bodyHash, id, runId }: WebhookDelivery,
  now: string,
  { dagId, name }: WebhookRequest,
): WebhookRun {
  if (bodyHash === now) return { id, runId, isNew: false };
  throw new DagsmithError("WEBHOOK_KEY_REUSED", { hook: `${dagId}/${name}`, run: runId });
}

function checkedBody(
  { bodySchema }: Extract<EventSpec, { type: "webhook" }>,
  { dagId, name, text }: WebhookRequest,
): Json {
  const refuse = (problems: string): DagsmithError =>
    new DagsmithError("INVALID_WEBHOOK_BODY", { hook: `${dagId}/${name}`, problems });
  const body = parsed(text);
  if (body === undefined) throw refuse("it is not JSON");
  if (depthOf(body) > MAX_DEPTH) throw refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (bodySchema === null) return body;
  const result = z
    .fromJSONSchema(bodySchema as Parameters<typeof z.fromJSONSchema>[0])
    .safeParse(body);
  if (result.success) return body;
  throw refuse(
    result.error.issues
      .map(({ path, message }) => `${path.join(".") || "body"}: ${message}`)
      .join("; "),
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Level by level, so that it needs no deep stack. */
function depthOf(value: Json): number {
  let depth = 0;
  for (
    let level: readonly unknown[] = [value];
    level.length > 0 && depth <= MAX_DEPTH;
    depth += 1
  ) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
  }
  return depth;
}

/**
 * Webhooks: `POST /hooks/<dag>/<name>`. Outside the page's login, because outside
 * programs call them. A DAG has only the webhooks that it declares, and a caller must
 * prove that it knows the secret. A webhook that does not exist is refused like a wrong
 * secret, so that callers cannot find out which exist.
 */
import { type Request, type Response, raw } from "express";
import type { RateLimitRequestHandler } from "express-rate-limit";
import { DagsmithError } from "../../../sdk/errors.ts";
import { needActions } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { hookKey, hookParams } from "../http/input/hooks.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { provesSecret } from "../http/webhook_proof.ts";
import { addressKey, count, countingLimit } from "../login/counting.ts";
import { readWebhookSecret } from "../read/read_webhook.ts";

const HOOKS = "/hooks";
const MAX_BODY = "1mb";
/** Most wrong calls of one address for one webhook in a minute. */
const FAILED_CALLS = 60;

export function hookRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  const wrongCalls = countingLimit({
    windowMs: 60_000,
    most: FAILED_CALLS,
    message: "Too many wrong calls from this address. Wait a minute.",
    keyOf: (request) => addressKey(request) + request.path,
  });
  // Read as bytes, whatever its type: the signature is over these bytes.
  routes.post(
    `${HOOKS}/:dagId/:name`,
    "webhook",
    raw({ type: () => true, limit: MAX_BODY }),
    (request, response) => receive(services, wrongCalls, request, response),
  );
  return routes;
}

/**
 * Verifies first, then limits: calls without the secret must not keep out the calls that
 * have it, which may come from the same proxy.
 */
async function receive(
  services: WebServices,
  wrongCalls: RateLimitRequestHandler,
  request: Request,
  response: Response,
): Promise<void> {
  const { dagId, name } = checked(hookParams, request.params);
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const secret = await secretOf(services, dagId, name);
  if (secret === null || !provesSecret(secret, request.headers, body)) {
    await count(wrongCalls, request, response);
    throw new DagsmithError("WEBHOOK_REFUSED", {});
  }
  const actions = needActions(services);
  const key = checked(
    hookKey,
    request.get("Idempotency-Key") ?? request.get("X-GitHub-Delivery") ?? null,
  );
  const actor = `webhook ${name} from ${request.ip ?? "unknown"}`;
  const run = await actions.receiveWebhook(services.db, {
    dagId,
    name,
    text: body.toString("utf8"),
    headers: headersOf(request),
    key,
    actor,
  });
  const status = "runId" in run ? 202 : 200;
  response.status(status).set("Cache-Control", "no-store").json(run);
}

/**
 * Express joins headers that are sent twice, but for set-cookie, which no caller sends.
 */
function headersOf({ headers }: Request): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

/**
 * The secret of a webhook that a deployed DAG declares. Null when there is no such
 * webhook, or when its variable is not set; the log then says so.
 */
async function secretOf(
  services: WebServices,
  dagId: string,
  name: string,
): Promise<string | null> {
  const key = await readWebhookSecret(services, dagId, name);
  if (key === null) return null;
  const secret = await services.variable(key);
  if (secret === null || secret === "")
    services.log("webhook_secret_missing", { dag: dagId, webhook: name, variable: key });
  return secret === "" ? null : secret;
}

/** Calls of a web address that start runs. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Json } from "../json.ts";
import { refuseUnknownOptions, wrongValue } from "../option_values.ts";
import { checkedName, type EventSource, source, whenOf, writtenSchema } from "./event.ts";

/**
 * A call of a webhook.
 * @typeParam Body the type of the call's body
 * @example triggeredBy(pushed).map(({ body }: WebhookCall<{ ref: string }>) => body.ref);
 */
export interface WebhookCall<Body = Json> {
  /** The idempotency key that the caller sent; null for none. */
  readonly id: string | null;
  /** What happened, as GitHub names it in `X-GitHub-Event`; null for other callers. */
  readonly event: string | null;
  /** The headers that the webhook asks for and the caller sent, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON that the caller sent, or the fields of its form. */
  readonly body: Body;
  /** When the call came: ISO 8601 in UTC. */
  readonly at: string;
}

/**
 * What a webhook takes; see {@link webhook}.
 * @example
 * const options: WebhookOptions = {
 *   secret: "github_webhook_secret",
 *   when: z.object({ event: z.enum(["push", "release"]) }),
 * };
 */
export interface WebhookOptions<Schema extends StandardSchemaV1 = StandardSchemaV1<Json>> {
  /** The key of the variable that holds the secret; never the secret itself. */
  readonly secret: string;
  /**
   * A schema that can write its JSON Schema, such as zod 4's. A body that does not fit is
   * refused. Default: any JSON.
   */
  readonly schema?: Schema;
  /**
   * A schema of `event`, `headers` and `body`: a call that does not fit it makes no run,
   * and `dag decisions` says so. It is data, because the process that takes calls loads
   * no code of DAGs. Default: each call makes a run.
   */
  readonly when?: StandardSchemaV1<WhenFields>;
  /** Names of headers that tasks get with the call. Default: none. */
  readonly headers?: readonly string[];
  /** The end of the address. Default `"webhook"`. */
  readonly name?: string;
}

/**
 * The parts of a call that `when` of a webhook may look at.
 * @example const issues: WhenFields = { event: "issues", body: { action: "opened" } };
 */
export interface WhenFields {
  /** What happened, from `X-GitHub-Event`; null for other callers. */
  readonly event?: string | null | undefined;
  /** The headers that the webhook asks for, by name in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** The JSON that the caller sent, or the fields of its form. */
  readonly body?: unknown;
}

const OPTIONS = ["secret", "schema", "when", "headers", "name"];
const MAX_HEADERS = 20;
const HEADER = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
/** Headers that prove who calls. They are never stored. */
const PROOFS = /^(authorization|proxy-authorization|cookie|x-hub-signature(-256)?)$/;

/**
 * Calls of `POST /hooks/<dag>/<name>`; each call makes a run. The caller proves that it
 * knows a secret: by an HMAC-SHA256 of the body in `X-Hub-Signature-256`, as GitHub sends
 * it, or by `Authorization: Bearer`. Calls with the same `Idempotency-Key` make one run.
 * The body is JSON, or a form (`application/x-www-form-urlencoded`): an object of its
 * fields, or the JSON in its only field `payload`, as GitHub sends it by default.
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const pushed = webhook({
 *   secret: "github_webhook_secret",
 *   when: z.object({ event: z.literal("push") }),
 *   schema: z.object({ ref: z.string() }),
 * });
 * const d = dag("build", { on: [pushed] });
 * d.task(
 *   "checkout",
 *   async ({ triggeredBy }) => triggeredBy(pushed)[0]?.body.ref ?? "main",
 * );
 */
export function webhook<Schema extends StandardSchemaV1 = StandardSchemaV1<Json>>(
  options: WebhookOptions<Schema>,
): EventSource<WebhookCall<StandardSchemaV1.InferInput<Schema>>> {
  const name = checkedName("webhook", options.name ?? "webhook");
  const where = `webhook "${name}"`;
  const { secret, schema, when, headers = [] } = options;
  refuseUnknownOptions("event source", options, OPTIONS, where);
  if (typeof secret !== "string" || !/^[\w.-]{1,200}$/.test(secret)) {
    const allowed = "the key of the variable that holds the secret";
    throw wrongValue(where, "secret", "not the key of a variable", allowed);
  }
  const kept = headerNames(headers, where);
  return source({
    type: "webhook",
    name,
    secret,
    bodySchema: schema === undefined ? null : writtenSchema(schema, "schema", where),
    ...whenOf(when, where),
    ...(kept.length === 0 ? {} : { headers: kept }),
  });
}

function headerNames(given: readonly string[], where: string): readonly string[] {
  const isList = Array.isArray(given) && given.length <= MAX_HEADERS;
  const allowed = `up to ${MAX_HEADERS} names of headers, none that proves who calls`;
  if (!isList) throw wrongValue(where, "headers", given, allowed);
  const names = given.map((header) => String(header).toLowerCase());
  const wrong = names.find((header) => !HEADER.test(header) || PROOFS.test(header));
  if (wrong !== undefined) throw wrongValue(where, "headers", wrong, allowed);
  return [...new Set(names)];
}

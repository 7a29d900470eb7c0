/**
 * Reads a call of a webhook: its body as JSON or a form, and whether it makes a run. Pure:
 * the caller is authenticated before, and the run is made afterwards.
 */
import { z } from "zod";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { WebhookCall } from "../../sdk/sources/webhook.ts";
import type { EventSpec } from "../../sdk/spec/index.ts";

/** A call as it arrived. */
export interface ReceivedCall {
  /** The body as it was sent. */
  readonly text: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

type Webhook = Extract<EventSpec, { type: "webhook" }>;
/** The parts of a call that its caller decides. */
type Content = Pick<WebhookCall, "event" | "headers" | "body">;

/** Node's JSON has no limit of depth, and a body may be nested a million times. */
const MAX_DEPTH = 100;
const FORM = "application/x-www-form-urlencoded";

/**
 * The content of a call; null when the webhook's `when` refuses it. Such a call need not
 * fit the schema: GitHub's ping, for example, has a body of its own.
 * @param hook the webhook as errors name it
 * @throws DagsmithError INVALID_WEBHOOK_BODY
 */
export function webhookCall(
  { when, bodySchema, headers = [] }: Webhook,
  received: ReceivedCall,
  hook: string,
): Content | null {
  const refuse = (problems: string): DagsmithError =>
    new DagsmithError("INVALID_WEBHOOK_BODY", { hook, problems });
  const body = bodyOf(received);
  if (body === undefined) throw refuse("it is neither JSON nor a form");
  if (depthOf(body) > MAX_DEPTH) throw refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  const content = {
    event: received.headers["x-github-event"] ?? null,
    headers: chosen(received.headers, headers),
    body,
  };
  if (when !== undefined && problemsOf(when, content) !== null) return null;
  const problems = bodySchema === null ? null : problemsOf(bodySchema, body);
  if (problems !== null) throw refuse(problems);
  return content;
}

function chosen(
  sent: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => names.includes(name)));
}

/** Undefined for a body that is neither JSON nor a form. */
function bodyOf({ text, headers }: ReceivedCall): Json | undefined {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  return type === FORM ? formOf(text) : parsed(text);
}

/** The fields of a form; a field that is sent several times is a list. */
function formOf(text: string): Json | undefined {
  const form = new URLSearchParams(text);
  const names = [...new Set(form.keys())];
  const payload = form.get("payload");
  // GitHub sends its JSON in this field.
  if (payload !== null && form.size === 1) return parsed(payload);
  const fields = names.map((name) => {
    const values = form.getAll(name);
    return [name, values.length === 1 ? values[0] : values];
  });
  return Object.fromEntries(fields);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What does not fit, in words; null when the value fits. */
function problemsOf(schema: Json, value: unknown): string | null {
  const result = z
    .fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
    .safeParse(value);
  if (result.success) return null;
  return result.error.issues
    .map(({ path, message }) => `${path.join(".") || "body"}: ${message}`)
    .join("; ");
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

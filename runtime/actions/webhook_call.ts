/**
 * Reads a call of a webhook: its body as JSON or a form, and whether it makes a run. The
 * caller is authenticated before, and the run is made afterwards.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { WebhookCall } from "../../sdk/sources/webhook.ts";
import type { EventSpec } from "../../sdk/spec/index.ts";
import { ParamProblems } from "../params/param_problems.ts";
import { isTooDeep, MAX_DEPTH } from "../params/schemas/json_depth.ts";
import { checkInThread } from "../params/schemas/schema_checker.ts";

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

const FORM = "application/x-www-form-urlencoded";

/**
 * The content of a call; null when the webhook's `when` refuses it. Such a call need not
 * fit the schema: GitHub's ping, for example, has a body of its own.
 * @param hook the webhook as errors name it
 * @throws DagsmithError INVALID_WEBHOOK_BODY
 */
export async function webhookCall(
  { when, bodySchema, headers = [] }: Webhook,
  received: ReceivedCall,
  hook: string,
): Promise<Content | null> {
  const refuse = (problems: string): DagsmithError =>
    new DagsmithError("INVALID_WEBHOOK_BODY", { hook, problems });
  const body = bodyOf(received);
  if (body === undefined) throw refuse("it is neither JSON nor a form");
  if (isTooDeep(body)) throw refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  const content = {
    event: received.headers["x-github-event"] ?? null,
    headers: chosen(received.headers, headers),
    body,
  };
  if (when !== undefined && (await problemsOf(when, content)) !== null) return null;
  const problems = bodySchema === null ? null : await problemsOf(bodySchema, body);
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
async function problemsOf(schema: Json, value: Json): Promise<string | null> {
  const { problems } = await checkInThread({ schema, value });
  return problems === undefined ? null : new ParamProblems(problems).message;
}

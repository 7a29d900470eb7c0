/**
 * Decides which values of a connection or variable are secrets that the masker must hide.
 */
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";

const SECRET_NAME =
  /token|secret|pass(word|wd|phrase|code)?|(^|[^a-z])pw(d)?($|[^a-z])|key|credential|auth|private|webhook|signature|cookie|session|bearer|dsn|connection_?string/i;

/**
 * Whether the value under this name is a secret: `api_key`, `webhook_url`,
 * `clientSecret`.
 */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

const SECRET_PARAM =
  /pass(word|wd|phrase|code)|secret|token|(api|access|private|signing|encryption)_?key|credential|authorization|webhook_?url|dsn$/i;

/**
 * Whether a param of this name is a secret. Narrower than {@link looksSecret}, because a
 * param named `key` is often a plain one, such as the key of a file.
 */
export function looksSecretParam(name: string): boolean {
  return SECRET_PARAM.test(name);
}

/** Whether a part of a URL's query is a secret: also a signature, and a key of an API. */
export function looksSecretQuery(name: string): boolean {
  return looksSecretParam(name) || /^(key|sig)$|signature$/i.test(name);
}

/** The texts and numbers in params under a name that looks secret, at any depth. */
export function secretValuesOfParams(params: Json): readonly string[] {
  if (Array.isArray(params)) return params.flatMap((item: Json) => secretValuesOfParams(item));
  if (typeof params !== "object" || params === null) return [];
  return Object.entries(params).flatMap(([name, value]) =>
    looksSecretParam(name) && typeof value !== "object"
      ? [String(value)]
      : secretValuesOfParams(value),
  );
}

/**
 * Types of connections whose address is a secret: who knows the path of a webhook can
 * post. The worker knows no other part of their types.
 */
const WEBHOOKS: ReadonlySet<string> = new Set([
  ...["webhook", "slack", "slackwebhook", "discord", "teams", "msteams"],
]);

/**
 * The password, the path of a webhook, and every text in `extra` under a name that looks
 * secret, at any depth.
 */
export function secretValuesOf(connection: Connection): readonly string[] {
  return [
    connection.password ?? "",
    ...webhookPaths(connection),
    ...secretsIn(connection.extra, false),
  ].filter((value) => value !== "");
}

/** The host may be the whole address. The name of the host alone is no secret. */
function webhookPaths({ type, host, schema, extra }: Connection): readonly string[] {
  if (!WEBHOOKS.has(type)) return [];
  const path = URL.parse(host ?? "")?.pathname ?? "";
  const url = typeof extra.webhook_url === "string" ? URL.parse(extra.webhook_url)?.pathname : "";
  return [schema, path, url].map((text) => text?.replace(/^\/+/, "") ?? "");
}

/** The value of a variable whose key looks secret. When it is JSON, the secrets in it. */
export function secretValuesOfVariable(key: string, value: string): readonly string[] {
  return secretsInText(value, looksSecret(key));
}

function secretsIn(value: Json, secret: boolean): readonly string[] {
  if (typeof value === "string") return secretsInText(value, secret);
  if (typeof value === "number") return secret ? [String(value)] : [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => secretsIn(item, secret));
  // A name inside decides by itself: `project_id` inside `keyfile` is no secret,
  // `private_key` is.
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, item]) => secretsIn(item, looksSecret(name)));
  return [];
}

/** A text may itself be JSON, as the key file of a service account usually is. */
function secretsInText(text: string, secret: boolean): readonly string[] {
  const own = secret ? [text] : [];
  if (!/^\s*[{[]/.test(text)) return own;
  try {
    return [...own, ...secretsIn(JSON.parse(text) as Json, secret)];
  } catch {
    return own;
  }
}

/**
 * Decides which values of a connection or variable are secrets that the masker must hide.
 */
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";

const SECRET_NAME =
  /token|secret|pass(word|wd|phrase|code)?|(^|[^a-z])pw(d)?($|[^a-z])|key|credential|auth|private|webhook|signature|cookie|session|bearer|dsn/i;

/**
 * Whether the value under this name is a secret: `api_key`, `webhook_url`,
 * `clientSecret`.
 */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * The password, and every text in `extra` under a name that looks secret, at any depth.
 */
export function secretValuesOf(connection: Connection): readonly string[] {
  return [connection.password ?? "", ...secretsIn(connection.extra, false)].filter(
    (value) => value !== "",
  );
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

/**
 * Connections: where an outside system is, and how to log in to it. Read from JSON, or
 * from a URI in Airflow's form: `type://login:password@host:port/schema?key=value`, every
 * part percent-encoded.
 */
import { DagsmithError } from "./errors.ts";
import type { Json } from "./json.ts";

/**
 * Where an outside system is, and how to log in to it. Fields that a type of system does
 * not use are null. Airflow: Connection.
 * @example
 * d.task("host", async ({ connection }) => {
 *   const { host, port }: Connection = await connection("lake");
 *   return `${host}:${port}`;
 * });
 */
export interface Connection {
  /** The id under which it is set. */
  readonly id: string;
  /** The type of system, such as `postgres`, `aws`, `github`. */
  readonly type: string;
  /** The name or address of the machine. */
  readonly host: string | null;
  /** From 1 to 65535. */
  readonly port: number | null;
  /** The name of the user. */
  readonly login: string | null;
  /** The password or token; masked in logs. */
  readonly password: string | null;
  /** The database, bucket or path, depending on the type. */
  readonly schema: string | null;
  /** Fields that only this type of system has; masked in logs. */
  readonly extra: Readonly<Record<string, Json>>;
}

/**
 * Reads a connection from a JSON object or a URI. In JSON, `conn_type` (Airflow's name)
 * and `type` mean the same, and `extra` is an object or a string of JSON.
 * @throws DagsmithError INVALID_CONNECTION; the message never repeats the value, which
 *   holds a secret
 * @example parseConnection("warehouse", "postgres://etl:s3cret@db:5432/lake")
 */
export function parseConnection(id: string, text: string): Connection {
  return text.trimStart().startsWith("{") ? fromJson(id, text) : fromUri(id, text);
}

function fromJson(id: string, json: string): Connection {
  const value = parseObject(id, json, "it is not a JSON object");
  const text = (key: string): string | null => textOrNull(id, key, value[key]);
  const type = text("conn_type") ?? text("type");
  if (type === null) throw invalid(id, "it has no type");
  return {
    id,
    type: typeName(type),
    host: text("host"),
    port: port(id, value.port),
    login: text("login"),
    password: text("password"),
    schema: text("schema"),
    extra: extraOfJson(id, value.extra),
  };
}

function extraOfJson(id: string, extra: Json | undefined): Record<string, Json> {
  if (extra === undefined || extra === null || extra === "") return {};
  return parseObject(
    id,
    typeof extra === "string" ? extra : JSON.stringify(extra),
    "extra is not a JSON object",
  );
}

/**
 * In Airflow's URIs the host may be empty or have percent-encoded characters, which
 * `new URL` refuses.
 */
const CONNECTION_URI =
  /^(?<type>[^:/?#]+):\/\/(?:(?<login>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<host>\[[^\]]*\]|[^:@/?#]*)(?::(?<port>\d+))?(?:\/(?<schema>[^?#]*))?(?:\?(?<query>[^#]*))?$/;

function fromUri(id: string, text: string): Connection {
  const parts = CONNECTION_URI.exec(text.trim())?.groups;
  if (!parts?.type) throw invalid(id, "it is neither a JSON object nor a URI");
  const part = (name: string): string | null => decode(id, parts[name]);
  return {
    id,
    type: typeName(parts.type),
    // The brackets of an IPv6 address belong to the URI.
    host: part("host")?.replace(/^\[(.*)\]$/, "$1") ?? null,
    port: port(id, parts.port),
    login: part("login"),
    password: part("password"),
    schema: part("schema"),
    extra: extraOf(id, parts.query),
  };
}

function extraOf(id: string, query: string | undefined): Record<string, Json> {
  const { __extra__: whole, ...extra } = Object.fromEntries(new URLSearchParams(query ?? ""));
  return whole === undefined
    ? extra
    : { ...extra, ...parseObject(id, whole, "__extra__ is not a JSON object") };
}

/** Airflow writes `-` for `_` in a scheme, and takes `postgresql` for `postgres`. */
function typeName(scheme: string): string {
  const type = scheme.toLowerCase().replaceAll("-", "_");
  return type === "postgresql" ? "postgres" : type;
}

function port(id: string, value: unknown): number | null {
  if (value === undefined || value === null || value === "") return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw invalid(id, "the port is not a number from 1 to 65535");
  return number;
}

function decode(id: string, text: string | undefined): string | null {
  try {
    return text ? decodeURIComponent(text) : null;
  } catch {
    throw invalid(id, "it has a % that begins no percent-encoded character");
  }
}

function parseObject(id: string, text: string, otherwise: string): Record<string, Json> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, Json>;
  } catch {
    // The parser's own message would repeat a piece of the secret.
  }
  throw invalid(id, otherwise);
}

function textOrNull(id: string, key: string, value: Json | undefined): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "object") throw invalid(id, `${key} is not a text`);
  return String(value);
}

function invalid(id: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_CONNECTION", { id, reason });
}

/**
 * What a `postgres` connection says, as the configuration of a client. Pure: no message
 * of it may show a password.
 */
import { X509Certificate } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { type Connection, DagsmithError } from "dagsmith";
import type { PoolConfig } from "pg";

const CONNECT_TIMEOUT_MS = 10_000;
const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/**
 * host (default localhost), port (5432), login, password, schema = database;
 * `extra.sslmode` in libpq's words, `extra.sslrootcert`, `extra.sslcert`, `extra.sslkey`
 * as PEM text; `extra.application_name`, `extra.options`, `extra.connect_timeout` in
 * seconds.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function poolConfig(connection: Connection): PoolConfig {
  const { host, port, login, password, schema, extra } = connection;
  return {
    host: host ?? "localhost",
    port: port ?? 5432,
    application_name: text(extra.application_name) ?? "dagsmith",
    connectionTimeoutMillis: Number(extra.connect_timeout ?? 0) * 1000 || CONNECT_TIMEOUT_MS,
    ssl: sslOptions(connection),
    ...(login !== null && { user: login }),
    ...(password !== null && { password }),
    ...(schema !== null && { database: schema }),
    ...(text(extra.options) && { options: String(extra.options) }),
  };
}

/**
 * TLS by libpq's `sslmode`: `require` encrypts without looking at the certificate (unless
 * `sslrootcert` is given, then like `verify-ca`), `verify-ca` checks who signed it,
 * `verify-full` the host name too. Default `disable`; `allow` and `prefer` promise
 * nothing and mean it too.
 */
function sslOptions({ id, extra }: Connection): false | ConnectionOptions {
  const mode = text(extra.sslmode) ?? "disable";
  if (!SSL_MODES.includes(mode)) throw invalid(id, `sslmode is none of ${SSL_MODES.join(", ")}`);
  if (["disable", "allow", "prefer"].includes(mode)) return false;
  const [ca, cert, key] = [
    pem(id, extra, "sslrootcert"),
    pem(id, extra, "sslcert"),
    pem(id, extra, "sslkey"),
  ];
  if (ca) refuseBadCertificate(id, ca);
  const verify = mode !== "require" || ca !== undefined;
  return {
    rejectUnauthorized: verify,
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

function pem(id: string, extra: Connection["extra"], name: string): string | undefined {
  const value = text(extra[name])?.replaceAll("\\n", "\n");
  if (value !== undefined && !value.includes("-----BEGIN "))
    throw invalid(id, `${name} is not PEM text`);
  return value;
}

/** Node would ignore a certificate it cannot read and then complain of the server's. */
function refuseBadCertificate(id: string, ca: string): void {
  try {
    new X509Certificate(ca);
  } catch {
    throw invalid(id, "sslrootcert is not a certificate");
  }
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function invalid(id: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_CONNECTION", { id, reason });
}

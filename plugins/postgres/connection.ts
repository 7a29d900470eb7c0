/**
 * The connection type `postgres`: its fields, as the configuration of a client. No
 * message shows a password.
 */
import type { ConnectionOptions } from "node:tls";
import { connectionType, sql } from "dagsmith";
import { authorityField, clientCertificateField, clientKeyField } from "dagsmith/plugins/tls";
import type { PoolConfig } from "pg";
import { z } from "zod";

const CONNECT_TIMEOUT_MS = 10_000;
const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

const fields = z.object({
  host: z.string().default("localhost").meta({ title: "Host" }),
  port: z.int().min(1).max(65_535).default(5432).meta({ title: "Port" }),
  schema: z
    .string()
    .optional()
    .meta({ title: "Database", description: "PostgreSQL's default is the name of the login." }),
  login: z.string().optional().meta({ title: "Login" }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  sslmode: z
    .enum(SSL_MODES, `is none of ${SSL_MODES.join(", ")}`)
    .default("disable")
    .meta({ title: "TLS", description: "As libpq's sslmode; allow and prefer mean disable." }),
  sslrootcert: authorityField,
  sslcert: clientCertificateField,
  sslkey: clientKeyField,
  application_name: z.string().default("dagsmith").meta({ title: "Application name" }),
  options: z
    .string()
    .optional()
    .meta({ title: "Options", description: "Options of the server, such as -c search_path=raw." }),
  connect_timeout: z
    .number()
    .min(0)
    .optional()
    .meta({ title: "Time to connect", description: "In seconds. 10 when it is not set." }),
});
type Fields = z.output<typeof fields>;

/** The connection type `postgres`; its fields are read as the configuration of `pg`. */
export const postgresConnection = connectionType({
  id: "postgres",
  title: "PostgreSQL",
  example: "postgres://etl:secret@db:5432/lake?sslmode=verify-full",
  fields: fields.transform(poolConfig),
  test: async (config, { signal }) => {
    const { openPostgres } = await import("./client.ts");
    const postgres = openPostgres(config, signal);
    try {
      const [row] = await postgres.query<{ database: string; login: string; version: string }>(
        sql`select current_database() as database, current_user as login, current_setting('server_version') as version`,
      );
      return `PostgreSQL ${row?.version}, database ${row?.database}, as ${row?.login}`;
    } finally {
      await postgres.pool.end();
    }
  },
});

function poolConfig(given: Fields): PoolConfig {
  const { login, password, schema, options } = given;
  return {
    host: given.host,
    port: given.port,
    application_name: given.application_name,
    connectionTimeoutMillis: (given.connect_timeout ?? 0) * 1000 || CONNECT_TIMEOUT_MS,
    ssl: sslOptions(given),
    ...(login !== undefined && { user: login }),
    ...(password !== undefined && { password }),
    ...(schema !== undefined && { database: schema }),
    ...(options !== undefined && { options }),
  };
}

/**
 * TLS by libpq's `sslmode`: `require` encrypts without looking at the certificate (unless
 * `sslrootcert` is given, then like `verify-ca`), `verify-ca` checks who signed it,
 * `verify-full` the host name too. Default `disable`; `allow` and `prefer` promise
 * nothing and mean it too.
 */
function sslOptions({ sslmode, sslrootcert, sslcert, sslkey }: Fields): false | ConnectionOptions {
  if (["disable", "allow", "prefer"].includes(sslmode)) return false;
  return {
    rejectUnauthorized: sslmode !== "require" || sslrootcert !== undefined,
    ...(sslmode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(sslrootcert && { ca: sslrootcert }),
    ...(sslcert && { cert: sslcert }),
    ...(sslkey && { key: sslkey }),
  };
}

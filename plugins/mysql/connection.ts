/** The connection type `mysql`: its fields, as the configuration of a client. */
import { connectionType, sql } from "dagsmith";
import { authorityField, clientCertificateField, clientKeyField } from "dagsmith/plugins/tls";
import type { SslOptions } from "mysql2/promise";
import { z } from "zod";
import type { MysqlConfig } from "./config.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const SSL_MODES = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] as const;

const fields = z.object({
  host: z.string().default("localhost").meta({ title: "Host" }),
  port: z.int().min(1).max(65_535).default(3306).meta({ title: "Port" }),
  schema: z.string().optional().meta({ title: "Database" }),
  login: z.string().optional().meta({ title: "Login" }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  ssl_mode: z
    .enum(SSL_MODES, `is none of ${SSL_MODES.join(", ")}`)
    .default("DISABLED")
    .meta({ title: "TLS", description: "As MySQL's ssl-mode; PREFERRED means DISABLED." }),
  ssl_ca: authorityField,
  ssl_cert: clientCertificateField,
  ssl_key: clientKeyField,
  connect_timeout: z
    .number()
    .min(0)
    .optional()
    .meta({ title: "Time to connect", description: "In seconds. 10 when it is not set." }),
});
type Fields = z.output<typeof fields>;

/** The connection type `mysql`; its fields are read as the configuration of mysql2. */
export const mysqlConnection = connectionType({
  id: "mysql",
  aliases: ["mariadb"],
  title: "MySQL or MariaDB",
  example: "mysql://etl:secret@db:3306/lake?ssl_mode=VERIFY_IDENTITY",
  fields: fields.transform(configOf),
  test: async (config, { signal }) => {
    const { openMysql } = await import("./open.ts");
    const mysql = await openMysql(config, signal);
    try {
      const [row] = await mysql.query<{ version: string; login: string; name: string | null }>(
        sql`select version() as version, current_user() as login, database() as name`,
      );
      return `MySQL ${row?.version}, database ${row?.name ?? "none"}, as ${row?.login}`;
    } finally {
      await mysql.close();
    }
  },
});

function configOf({ login, password, schema, ...given }: Fields): MysqlConfig {
  const ssl = sslOptions(given);
  return {
    ...{ host: given.host, port: given.port },
    connectTimeout: (given.connect_timeout ?? 0) * 1000 || CONNECT_TIMEOUT_MS,
    ...(login !== undefined && { user: login }),
    ...(password !== undefined && { password }),
    ...(schema !== undefined && { database: schema }),
    ...(ssl && { ssl }),
  };
}

/**
 * TLS by MySQL's `ssl-mode`: `REQUIRED` encrypts without looking at the certificate,
 * `VERIFY_CA` checks who signed it, `VERIFY_IDENTITY` the host name too.
 */
function sslOptions({
  ssl_mode: mode,
  ssl_ca: ca,
  ssl_cert: cert,
  ssl_key: key,
}: Pick<Fields, "ssl_mode" | "ssl_ca" | "ssl_cert" | "ssl_key">): SslOptions | undefined {
  if (mode === "DISABLED" || mode === "PREFERRED") return undefined;
  return {
    rejectUnauthorized: mode !== "REQUIRED",
    verifyIdentity: mode === "VERIFY_IDENTITY",
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

/** The connection type `snowflake`: its fields, as the configuration of a client. */
import { createPrivateKey } from "node:crypto";
import { connectionType, sql } from "dagsmith";
import { z } from "zod";
import type { SnowflakeConfig } from "./config.ts";

const LOGIN_TIMEOUT_SECONDS = 60;

const fields = z.object({
  account: z.string("is missing; name the account, such as myorg-lake").meta({
    ...{ title: "Account", description: "Organisation and account.", examples: ["myorg-lake"] },
  }),
  region: z.string().optional().meta({ title: "Region", description: "Of an older account name." }),
  login: z.string("is missing").meta({ title: "Login" }),
  password: z
    .string()
    .optional()
    .meta({ title: "Password", description: "Or a programmatic access token.", writeOnly: true }),
  private_key_content: z
    .string()
    .optional()
    .meta({
      ...{ title: "Private key", description: "PEM text, in place of a password." },
      ...{ format: "multiline", writeOnly: true },
    }),
  private_key_passphrase: z
    .string()
    .optional()
    .meta({ title: "Passphrase of the key", writeOnly: true }),
  database: z.string().optional().meta({ title: "Database" }),
  schema: z.string().optional().meta({ title: "Schema" }),
  warehouse: z.string().optional().meta({ title: "Warehouse" }),
  role: z.string().optional().meta({ title: "Role" }),
  host: z
    .string()
    .refine((host) => /^https?:\/\//.test(host) && URL.canParse(host), "is no http(s) URL")
    .optional()
    .meta({ title: "Host", description: "The whole URL of a private endpoint." }),
  login_timeout: z
    .number()
    .positive()
    .default(LOGIN_TIMEOUT_SECONDS)
    .meta({ title: "Time to log in", description: "In seconds." }),
});
type Fields = z.output<typeof fields>;

/** The connection type `snowflake`. */
export const snowflakeConnection = connectionType({
  id: "snowflake",
  title: "Snowflake",
  example: "snowflake://etl:secret@/public?account=myorg-lake&database=lake&warehouse=load",
  fields: fields.transform((given, { addIssue }): SnowflakeConfig => {
    const login = loginOf(given);
    if (typeof login === "string") addIssue(login);
    return { ...configOf(given), ...(typeof login === "string" ? {} : login) };
  }),
  test: async (config, { signal }) => {
    const { openSnowflake } = await import("./open.ts");
    const snowflake = await openSnowflake(config, signal);
    try {
      const [row] = await snowflake.query<Readonly<Record<string, string>>>(
        sql`select current_version() as version, current_user() as login`,
      );
      return `Snowflake ${row?.VERSION}, as ${row?.LOGIN}`;
    } finally {
      await snowflake.close();
    }
  },
});

function configOf(given: Fields): Omit<SnowflakeConfig, "password" | "privateKey"> {
  const { account, region, login, database, schema, warehouse, role, host } = given;
  return {
    account: region === undefined ? account : `${account}.${region}`,
    username: login,
    loginTimeoutMs: given.login_timeout * 1_000,
    ...(host !== undefined && { accessUrl: host.replace(/\/+$/, "") }),
    ...(database !== undefined && { database }),
    ...(schema !== undefined && { schema }),
    ...(warehouse !== undefined && { warehouse }),
    ...(role !== undefined && { role }),
  };
}

/** @returns a text says what is wrong */
function loginOf(given: Fields): Pick<SnowflakeConfig, "password" | "privateKey"> | string {
  const { password, private_key_content: pem, private_key_passphrase: passphrase } = given;
  if (pem === undefined)
    return password === undefined
      ? "a login needs its password, or a private key in private_key_content"
      : { password };
  const privateKey = plainKey(pem.replaceAll("\\n", "\n"), passphrase);
  return privateKey === undefined
    ? "private_key_content is no private key as PEM text, or private_key_passphrase does not fit"
    : { privateKey };
}

function plainKey(key: string, passphrase: string | undefined): string | undefined {
  try {
    const read = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
    return read.export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    return undefined;
  }
}

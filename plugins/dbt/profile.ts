/** The profile of dbt, made from a connection. */
import { type Connection, DagsmithError } from "dagsmith";

/**
 * The environment variable with the password. dbt keeps values of this prefix out of its
 * logs.
 */
const PASSWORD = "DBT_ENV_SECRET_PASSWORD";
export const PROFILE_NAME = "dagsmith";

/** A profile as dbt reads it, and the environment that it refers to. */
export interface Profile {
  /** YAML, written as JSON, which is YAML too. */
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * @param options.schema where models are built; default `public`
 * @throws DagsmithError WRONG_CONNECTION_TYPE
 */
export function profileOf(
  connection: Connection,
  { threads, schema }: { readonly threads: number; readonly schema: string | undefined },
): Profile {
  const { id, type, host, port, login, password, schema: dbname, extra } = connection;
  if (type !== "postgres")
    throw new DagsmithError("WRONG_CONNECTION_TYPE", { id, found: type, expected: "postgres" });
  const output = {
    ...{ type, host: host ?? "localhost", port: port ?? 5432, user: login ?? "" },
    ...{ dbname: dbname ?? login ?? "", schema: schema ?? "public", threads },
    password: `{{ env_var('${PASSWORD}') }}`,
    ...(extra.sslmode ? { sslmode: extra.sslmode } : {}),
  };
  return {
    text: JSON.stringify({ [PROFILE_NAME]: { target: "run", outputs: { run: output } } }),
    env: { [PASSWORD]: password ?? "" },
  };
}

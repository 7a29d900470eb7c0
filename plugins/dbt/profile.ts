/** The profile of dbt, made from a connection. */
import { type Connection, DagsmithError } from "dagsmith";
import { postgresConnection } from "dagsmith/plugins/postgres";

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
 * @throws DagsmithError WRONG_CONNECTION_TYPE, INVALID_CONNECTION
 */
export function profileOf(
  connection: Connection,
  { threads, schema }: { readonly threads: number; readonly schema: string | undefined },
): Profile {
  const { id, type, password } = connection;
  if (type !== "postgres")
    throw new DagsmithError("WRONG_CONNECTION_TYPE", { id, found: type, expected: "postgres" });
  const { host, port, user = "", database = user } = postgresConnection.read(connection);
  const { sslmode } = connection.extra;
  const output = {
    ...{ type, host, port, user, dbname: database, schema: schema ?? "public", threads },
    password: `{{ env_var('${PASSWORD}') }}`,
    ...(sslmode ? { sslmode } : {}),
  };
  return {
    text: JSON.stringify({ [PROFILE_NAME]: { target: "run", outputs: { run: output } } }),
    env: { [PASSWORD]: password ?? "" },
  };
}

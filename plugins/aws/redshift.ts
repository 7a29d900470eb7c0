/** The Redshift hook: what tasks see of a warehouse that is spoken to through its Data API, over HTTPS and without a connection kept open. */
import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { type Connection, DagsmithError, defineHook, type Sql } from "dagsmith";
import { awsConfig, extraText, isUrl } from "./connection.ts";

/**
 * Runs statements and waits for their end, asking first after 100 ms and then every 2 s at most. When the try is aborted, the statement is
 * cancelled on the server and the call rejects. A statement that fails rejects with the text of the server.
 *
 * Texts and dates are bound; numbers, booleans and null become literals. Lists cannot be bound.
 */
export interface Redshift {
  /** The rows of a statement, all pages of them. Whole numbers beyond 2^53 lose digits on the way; cast them to varchar. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows a statement inserted, updated, deleted or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
  /** Runs up to 40 statements in one transaction. @returns the row count of each */
  batch(statements: readonly Sql[]): Promise<readonly { readonly rowCount: number }[]>;
  /** The SDK's client, for everything else. */
  readonly client: RedshiftDataClient;
}

/** Which database, and as whom: the fields that every request repeats. */
export interface RedshiftTarget {
  readonly Database: string;
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

/**
 * Redshift through a connection of type `redshift`: host = cluster identifier (or the cluster's endpoint; or `extra.cluster_identifier`, or
 * `extra.workgroup_name` for serverless), schema = database (default `dev`), login = database user, or `extra.secret_arn`. AWS credentials
 * by `extra.aws_access_key_id` and `extra.aws_secret_access_key`, else the SDK's default chain; `extra.region_name`.
 * @example
 * const warehouse = await hook(redshiftHook("warehouse"));
 * await warehouse.batch([sql`delete from daily where day = ${day}`, sql`insert into daily select …`]);
 */
export const redshiftHook = defineHook<Redshift>({
  types: ["redshift"],
  open: async (connection, { signal }) => {
    const target = redshiftTarget(connection);
    const config = awsConfig(connection, "redshift");
    const { openRedshift } = await import("./redshift_client.ts");
    return openRedshift(config, target, signal);
  },
  close: ({ client }) => client.destroy(),
});

/** @throws DagsmithError INVALID_CONNECTION when it names neither a cluster nor a workgroup */
export function redshiftTarget(connection: Connection): RedshiftTarget {
  const { id, host, login, schema } = connection;
  const workgroup = extraText(connection, "workgroup_name");
  const cluster =
    extraText(connection, "cluster_identifier") ??
    (host === null || isUrl(host) ? undefined : clusterOf(host));
  const secretArn = extraText(connection, "secret_arn");
  if (!workgroup && !cluster) {
    throw new DagsmithError("INVALID_CONNECTION", {
      id,
      reason: "host names no cluster, and extra has neither cluster_identifier nor workgroup_name",
    });
  }
  return {
    Database: schema ?? "dev",
    ...(workgroup ? { WorkgroupName: workgroup } : cluster && { ClusterIdentifier: cluster }),
    // A secret holds the user; a workgroup derives it from the caller's identity.
    ...(secretArn ? { SecretArn: secretArn } : login !== null && !workgroup && { DbUser: login }),
  };
}

/** The identifier is the first label of an endpoint such as `lake.abc123.eu-west-1.redshift.amazonaws.com`. */
function clusterOf(host: string): string {
  return /^([^.]+)\..*redshift\.amazonaws\.com/.exec(host)?.[1] ?? host;
}

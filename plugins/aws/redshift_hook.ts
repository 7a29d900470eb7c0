/**
 * The Redshift hook. The hook reaches the warehouse through its Data API: over HTTPS,
 * without a connection that stays open. The client is loaded when a task opens it.
 */
import { type Connection, DagsmithError, defineHook } from "dagsmith";
import { awsConfig, extraText, isUrl } from "./connection.ts";
import type { Redshift, RedshiftTarget } from "./redshift.ts";

/**
 * Redshift through a connection of type `redshift`: host = cluster identifier (or the
 * cluster's endpoint; or `extra.cluster_identifier`, or `extra.workgroup_name` for
 * serverless), schema = database (default `dev`), login = database user, or
 * `extra.secret_arn`. AWS credentials by `extra.aws_access_key_id` and
 * `extra.aws_secret_access_key`, else the SDK's default chain; `extra.region_name`.
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

/**
 * @throws DagsmithError INVALID_CONNECTION when it names neither a cluster nor a
 *   workgroup
 */
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

/**
 * The identifier is the first label of an endpoint such as
 * `lake.abc123.eu-west-1.redshift.amazonaws.com`.
 */
function clusterOf(host: string): string {
  return /^([^.]+)\..*redshift\.amazonaws\.com/.exec(host)?.[1] ?? host;
}

/**
 * The Redshift hook. The hook reaches the warehouse through its Data API: over HTTPS,
 * without a connection that stays open. The client is loaded when a task opens it.
 */
import { defineHook } from "dagsmith";
import { withRedshift } from "./load_sdk.ts";
import type { Redshift } from "./redshift.ts";
import { redshiftConnection } from "./redshift_connection.ts";

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
  types: redshiftConnection.ids,
  open: async (connection, { signal }) => {
    const { config, target } = redshiftConnection.read(connection);
    const { openRedshift } = await withRedshift(() => import("./redshift_client.ts"));
    return openRedshift(config, target, signal);
  },
  close: ({ client }) => client.destroy(),
});

/** The hook of BigQuery. */
import { defineHook, type TaskContext } from "dagsmith";
import { googleConnection } from "dagsmith/plugins/google";
import type { BigqueryClient } from "./client.ts";
import type { Bigquery } from "./session.ts";

/**
 * BigQuery through a connection of type `google_cloud_platform`: `extra.project`,
 * `extra.key_path` or `extra.keyfile_dict` (none: Google's own default chain),
 * `extra.bigquery_api_endpoint`. Needs the package @google-cloud/bigquery.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const bigquery = await hook(bigqueryHook("lake"));
 * const rows = await bigquery.query(sql`select day, trips from taxi.daily where day >= ${day}`);
 */
export const bigqueryHook = defineHook<Bigquery>({
  types: googleConnection.ids,
  open: async (connection, context) => {
    const config = googleConnection.read(connection);
    const { openBigquery } = await import("./open.ts");
    return openBigquery(config, context);
  },
  close: (bigquery) => bigquery.close(),
});

/** The same with what only the operators of this plugin use. */
export async function clientOf(context: TaskContext, connection: string): Promise<BigqueryClient> {
  return (await context.hook(bigqueryHook(connection))) as BigqueryClient;
}

/**
 * The S3 hook. The client is loaded when a task opens it: a DAG file that names this hook
 * is imported far more often than it moves an object.
 */
import { defineHook } from "dagsmith";
import { awsConnection } from "./connection.ts";
import { withS3 } from "./load_sdk.ts";
import type { S3 } from "./s3.ts";

/**
 * S3, or a store that speaks its protocol, through a connection of type `aws` or `s3`:
 * access key id and secret in login and password (none: the SDK's default credential
 * chain), `extra.region_name`, `extra.endpoint_url` or `extra.s3_endpoint_url`,
 * `extra.aws_session_token`.
 * @example
 * const s3 = await hook(s3Hook("lake"));
 * await s3.putStream("raw", "trips.csv", createReadStream("trips.csv"));
 */
export const s3Hook = defineHook<S3>({
  types: awsConnection.ids,
  open: async (connection, context) => {
    const { s3 } = awsConnection.read(connection);
    const { openS3 } = await withS3(() => import("./s3_client.ts"));
    return openS3(s3, context);
  },
  close: ({ client }) => client.destroy(),
});

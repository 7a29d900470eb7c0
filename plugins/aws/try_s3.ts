/** Tries a connection to S3 for `dag connections test`. */
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { awsError } from "./aws_error.ts";
import type { S3Config } from "./config.ts";
import { newS3Client } from "./s3_options.ts";

/**
 * Lists buckets. A key that may not list them is a right key: S3 looks at rights last.
 * @throws Error with the place and the reason
 */
export async function tryS3(config: S3Config, signal: AbortSignal): Promise<string> {
  const client = newS3Client(config);
  const host = config.endpoint ?? "AWS";
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}), { abortSignal: signal });
    return `S3 at ${host}, ${Buckets.length} buckets`;
  } catch (error) {
    if ((error as Error).name === "AccessDenied")
      return `S3 at ${host} takes the login, which may not list buckets`;
    throw awsError("S3 ListBuckets", host, error);
  } finally {
    client.destroy();
  }
}

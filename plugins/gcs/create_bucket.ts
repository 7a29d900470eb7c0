/** Creates buckets of Google Cloud Storage. */
import type { GoogleSession } from "dagsmith/plugins/google";

/**
 * How a new bucket is stored.
 * @example const options: BucketOptions = { location: "EU", storageClass: "NEARLINE" };
 */
export interface BucketOptions {
  /** Such as `EU` or `europe-west2`. Default: `US`, as Google has it. */
  readonly location?: string;
  /** Such as `NEARLINE`. Default: `STANDARD`. */
  readonly storageClass?: string;
}

const EXISTS = 409;

/**
 * Creates the bucket if it is absent. One that is there stays as it is.
 * @throws FailTask when the name belongs to a bucket that the login may not see
 */
export async function createBucket(
  session: GoogleSession,
  project: string,
  bucket: string,
  options: BucketOptions,
): Promise<void> {
  const place = `GCS create bucket ${bucket}`;
  const { status } = await session.send(place, {
    ...{ method: "POST", path: "storage/v1/b", query: { project }, expected: [EXISTS] },
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: bucket, ...options }),
  });
  // Names of buckets are unique in all of Google Cloud: it may be another company's.
  if (status === EXISTS) await session.send(place, { path: `storage/v1/b/${bucket}` });
}

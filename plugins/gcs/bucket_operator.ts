/** The operator that creates a bucket if it is absent. */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import type { BucketOptions } from "./create_bucket.ts";
import { gcsHook } from "./gcs_hook.ts";

/** Options of {@link gcsBucket}. */
export interface GcsBucketOptions<Context extends TaskContext> {
  /** Id of a connection of type `google_cloud_platform`. */
  readonly gcs: FromContext<string, Context>;
  /** The name of the bucket. */
  readonly bucket: FromContext<string, Context>;
  /** Such as `EU` or `europe-west2`. Default: `US`, as Google has it. */
  readonly location?: FromContext<string, Context>;
  /** Such as `NEARLINE`. Default: `STANDARD`. */
  readonly storageClass?: string;
}

/**
 * Creates a bucket if it is absent. One that is there stays as it is. Airflow:
 * GCSCreateBucketOperator.
 * @example d.task("bucket", gcsBucket({ gcs: "lake", bucket: "trips", location: "europe-west2" }));
 */
export function gcsBucket<Context extends TaskContext>(
  options: GcsBucketOptions<Context>,
): TaskBody<void, Context> {
  return async function gcsBucket(context) {
    const { createBucket } = await context.hook(gcsHook(await resolveField(options.gcs, context)));
    const bucket = await resolveField(options.bucket, context);
    const location = options.location && (await resolveField(options.location, context));
    const { storageClass } = options;
    const layout: BucketOptions = {
      ...(location !== undefined && { location }),
      ...(storageClass !== undefined && { storageClass }),
    };
    context.rendered({ bucket, ...layout });
    await createBucket(bucket, layout);
  };
}
